#include "problem/problem.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "files/columns.hpp"
#include "settings/schema.hpp"

namespace lnn {

bool has_system(const Config& config) { return config.system.kind != no_system; }

SystemInfo coordinates_of(const Config& config) {
    if (has_system(config)) return *find_system(config.system.kind);
    std::uint32_t angles = 0;
    for (const int number : coordinate_numbers(config.data.angles, "data.angles")) angles |= 1u << (number - 1);
    return measured_coordinates(config.data.dof, angles);
}

SystemSpec system_spec(const Config& config) {
    if (!has_system(config))
        throw Error(
            Exit::usage,
            "system.kind = \"none\": there are no true equations; name a system by --set system.kind=NAME, or ask "
            "eval for --protocol measured");
    const SystemInfo& info = *find_system(config.system.kind);
    SystemSpec spec{int(&info - systems().data()), info.dof, {}};
    std::size_t at = 0;
    for (const ParameterInfo& p : info.parameters) {
        const auto given = config.system.parameters.find(p.name);
        for (double value : given == config.system.parameters.end() ? p.defaults : given->second)
            spec.parameters[at++] = value;
    }
    return spec;
}

const SystemInfo& system_info(const SystemSpec& spec) { return systems()[spec.kind]; }

ModelSpec model_spec(const Config& config) {
    const SystemInfo system = coordinates_of(config);
    ModelSpec spec;
    spec.dof = system.dof;
    spec.depth = int(config.model.hidden.size());
    std::copy(config.model.hidden.begin(), config.model.hidden.end(), spec.hidden.begin());
    spec.angles = config.model.inputs == "sincos" ? system.angles : 0;
    spec.velocity_scale = config.model.velocity_scale;
    spec.mass_prior = config.model.mass_prior;
    spec.damping = config.model.damping == "linear";
    return spec;
}

SolveSpec solve_spec(const Config& config) {
    return {config.solve.rcond, config.solve.floor, config.solve.pinv == "cusolver" ? Pinv::cusolver : Pinv::fused};
}

Precision precision_of(const std::string& word) {
    if (word == "f32") return Precision::f32;
    if (word == "f64") return Precision::f64;
    throw Error(Exit::backend, fmt::format("no backend offers precision {}; use f32 or f64", word));
}

Draw draw_of(const Config& config, const SystemInfo& system, std::uint64_t seed) {
    Draw draw;
    draw.seed = seed;
    draw.distribution = config.data.distribution == "normal" ? Distribution::normal : Distribution::uniform;
    for (int i = 0; i < system.dof; ++i) {
        const auto& range = is_angle(system, i) ? config.data.angle : config.data.position;
        draw.low[i] = range[0];
        draw.high[i] = range[1];
        draw.low[system.dof + i] = config.data.velocity[0];
        draw.high[system.dof + i] = config.data.velocity[1];
    }
    return draw;
}

std::int64_t steps_per_epoch(const Config& config, std::int64_t samples) {
    const std::int64_t steps = config.train.epochs > 0 ? samples / config.train.batch : config.train.steps / 100;
    return std::max<std::int64_t>(steps, 1);
}

bool is_lm(const Config& config) { return config.train.optimizer == "lm"; }
bool weights_in_f64(const Config& config) { return is_lm(config) || config.run.precision == "f64"; }

std::int64_t lm_samples(const Config& config, std::int64_t samples, std::int64_t iteration) {
    const double first = config.train.lm.samples[0], last = config.train.lm.samples[1];
    const double share = double(iteration) / double(std::max(1, config.train.lm.iterations - 1));
    const std::int64_t wanted = std::llround(first * std::pow(last / first, share));
    return samples > 0 ? std::min(wanted, samples) : wanted;
}

std::int64_t total_steps(const Config& config, std::int64_t samples) {
    return adam_steps(config, samples) + (is_lm(config) ? config.train.lm.iterations : 0);
}

std::int64_t adam_steps(const Config& config, std::int64_t samples) {
    return config.train.epochs > 0 ? config.train.epochs * steps_per_epoch(config, samples) : config.train.steps;
}

AdamSpec adam_spec(const Config& config, std::int64_t samples) {
    const Config::Train& t = config.train;
    AdamSpec adam;
    adam.schedule.kind = t.schedule.kind == "cosine" ? ScheduleKind::cosine : ScheduleKind::step;
    adam.schedule.lr = t.lr;
    adam.schedule.every = t.schedule.every * steps_per_epoch(config, samples);
    adam.schedule.gamma = t.schedule.gamma;
    adam.schedule.total = adam_steps(config, samples);
    adam.schedule.warmup = std::llround(t.schedule.warmup * double(adam.schedule.total));
    adam.schedule.floor = t.schedule.floor;
    adam.beta1 = t.beta1;
    adam.beta2 = t.beta2;
    adam.eps = t.eps;
    adam.clip = t.clip;
    adam.ema = t.ema;
    adam.skip_bad = t.guard != "none";
    return adam;
}

std::vector<std::uint64_t> seeds_of(const Config& config) {
    std::vector<std::uint64_t> seeds(config.run.seeds);
    std::iota(seeds.begin(), seeds.end(), config.run.seed);
    return seeds;
}

LossSpec loss_spec(const Config& config) {
    const Config::Train& t = config.train;
    LossSpec loss;
    loss.kind = t.loss == "l1" ? Loss::l1 : t.loss == "huber" ? Loss::huber : Loss::mse;
    loss.delta = t.delta;
    loss.balance = t.balance == "scale" ? Balance::scale : t.balance == "large" ? Balance::large : Balance::none;
    return loss;
}

Integration integration_over(const Config& config, double seconds) {
    const Config::Eval& eval = config.eval;
    return {eval.dt, 1, std::llround(seconds / eval.dt),
            eval.integrator == "rk4" ? Integrator::rk4 : Integrator::dormand_prince, eval.tolerance};
}

int substeps(double gap, double dt) { return std::max(1, int(std::ceil(gap / dt - 1e-9))); }

}  // namespace lnn
