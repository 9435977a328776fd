#include "problem/problem.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "files/columns.hpp"
#include "lnn/error.hpp"
#include "lnn/runge_kutta.hpp"
#include "settings/schema.hpp"
#include "settings/text_system.hpp"

namespace lnn {

namespace {

ModelSpec model_spec(const Config& config, const SystemInfo& coordinates) {
    ModelSpec spec;
    spec.kind = int(find_model(config.model.kind) - models().data());
    spec.dof = coordinates.dof;
    spec.depth = int(config.model.hidden.size());
    std::copy(config.model.hidden.begin(), config.model.hidden.end(), spec.hidden.begin());
    spec.angles = config.model.inputs == "sincos" ? coordinates.angles : 0;
    spec.velocity_scale = config.model.velocity_scale;
    spec.mass_prior = config.model.mass_prior;
    spec.damping = config.model.damping == "linear";
    return spec;
}

int first_weights(const ModelInfo& model, const std::string& word) {
    for (std::size_t rule = 0; rule < model.init_rules.size(); ++rule)
        if (model.init_rules[rule].first == word) return int(rule);
    return 0;  // "auto"
}

Precision precision_of(const std::string& word) { return word == "f64" ? Precision::f64 : Precision::f32; }

DataSpec data_spec(const Config& config, const SystemInfo& coordinates) {
    const Config::Data& d = config.data;
    DataSpec data;
    data.source = d.is_file() ? DataSpec::file : d.source == "trajectories" ? DataSpec::trajectories : DataSpec::box;
    if (d.is_file()) data.path = d.file();
    data.count = d.trajectories;
    data.points = d.points;
    data.t_end = d.t_end;
    data.dt = d.dt;
    data.draw = draw_of(config, coordinates);
    data.reshuffled = d.shuffle == "epoch";
    return data;
}

LossSpec loss_spec(const Config::Train& t) {
    LossSpec loss;
    loss.kind = int(find_loss(t.loss) - losses().data());
    loss.delta = t.delta;
    loss.balance = t.balance == "scale" ? Balance::scale : t.balance == "large" ? Balance::large : Balance::none;
    return loss;
}

AdamSpec adam_spec(const Config::Train& t) {
    AdamSpec adam;
    adam.schedule.kind = t.schedule.kind == "cosine" ? ScheduleKind::cosine : ScheduleKind::step;
    adam.schedule.lr = t.lr;
    adam.schedule.gamma = t.schedule.gamma;
    adam.schedule.floor = t.schedule.floor;
    adam.beta1 = t.beta1;
    adam.beta2 = t.beta2;
    adam.eps = t.eps;
    adam.clip = t.clip;
    adam.ema = t.ema;
    adam.skip_bad = t.guard != "none";
    return adam;
}

TrainSpec train_spec(const Config::Train& t) {
    TrainSpec train;
    train.epochs = t.epochs;
    train.steps = t.steps;
    train.batch = t.batch;
    train.adam = adam_spec(t);
    train.decay_epochs = t.schedule.every;
    train.warmup = t.schedule.warmup;
    train.loss = loss_spec(t);
    if (t.guard == "rollback") train.rollback_above = t.rollback_above;
    train.checkpoint_epochs = t.checkpoint_every;
    train.keep = t.keep;
    if (t.optimizer == "lm")
        train.lm = {t.lm.iterations, double(t.lm.samples[0]), double(t.lm.samples[1]), t.lm.delta, t.lm.damping,
                    t.lm.decay};
    return train;
}

}  // namespace

Problem problem_of(const Config& config) {
    Problem problem;
    if (config.system.kind != no_system) problem.system = system_spec(config.system);
    problem.coordinates = coordinates_of(config);
    problem.parameters = config.system.parameters;
    problem.model = model_spec(config, problem.coordinates);
    problem.first_weights = first_weights(models()[problem.model.kind], config.model.init);
    problem.arithmetic = arithmetic_of(config);
    problem.seed = config.run.seed;
    problem.models = config.run.seeds;
    problem.data = data_spec(config, problem.coordinates);
    problem.train = train_spec(config.train);
    problem.f64_weights = problem.train.lm || problem.arithmetic.network == Precision::f64;
    problem.eval = eval_spec(config);
    return problem;
}

std::vector<double> of_each_body(const Problem& problem, const std::string& name) {
    const auto& parameters = problem.parameters;
    if (const auto found = parameters.find(name); found != parameters.end()) return found->second;
    std::vector<double> all;
    for (int body = 1; parameters.contains(name + std::to_string(body)); ++body)
        all.push_back(parameters.at(name + std::to_string(body)).front());
    return all;
}

const SystemSpec& Problem::true_system() const {
    if (!system)
        throw Error(
            Exit::usage,
            "system.kind = \"none\": there are no true equations; name a system by --set system.kind=NAME, or ask "
            "eval for --protocol measured");
    return *system;
}

std::vector<std::uint64_t> Problem::seeds() const {
    std::vector<std::uint64_t> all(models);
    std::iota(all.begin(), all.end(), seed);
    return all;
}

SystemInfo coordinates_of(const Config& config) {
    if (config.system.kind != no_system) return chosen_system(config.system);
    std::uint32_t angles = 0;
    if (config.data.angles != "auto")
        for (const int number : coordinate_numbers(config.data.angles, "data.angles")) angles |= 1u << (number - 1);
    return measured_coordinates(config.data.dof, angles);
}

Arithmetic arithmetic_of(const Config& config) {
    return {{config.solve.rcond, config.solve.floor, config.solve.pinv == "cusolver" ? Pinv::cusolver : Pinv::fused},
            precision_of(config.run.precision),
            precision_of(config.run.state)};
}

EvalSpec eval_spec(const Config& config) {
    const Config::Eval& e = config.eval;
    EvalSpec eval;
    eval.trajectories = e.trajectories;
    eval.repeats = e.repeats;
    eval.t_end = e.t_end;
    eval.film = e.film;
    eval.diverged_above = e.diverged_above;
    eval.valid_below = e.valid_below;
    eval.dt = e.dt;
    eval.tolerance = e.tolerance;
    eval.integrator = int(find_integrator(e.integrator) - integrators);
    return eval;
}

Draw draw_of(const Config& config, const SystemInfo& system) {
    Draw draw;
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

std::int64_t TrainSpec::steps_per_epoch(std::int64_t samples) const {
    return std::max<std::int64_t>(epochs > 0 ? samples / batch : steps / 100, 1);
}

std::int64_t TrainSpec::adam_steps(std::int64_t samples) const {
    return epochs > 0 ? epochs * steps_per_epoch(samples) : steps;
}

std::int64_t TrainSpec::total_steps(std::int64_t samples) const {
    return adam_steps(samples) + (lm ? lm->iterations : 0);
}

std::int64_t TrainSpec::lm_samples(std::int64_t samples, std::int64_t iteration) const {
    const double share = double(iteration) / double(std::max(1, lm->iterations - 1));
    const std::int64_t wanted = std::llround(lm->first * std::pow(lm->last / lm->first, share));
    return samples > 0 ? std::min(wanted, samples) : wanted;
}

AdamSpec TrainSpec::adam_for(std::int64_t samples) const {
    AdamSpec spec = adam;
    spec.schedule.every = decay_epochs * steps_per_epoch(samples);
    spec.schedule.total = adam_steps(samples);
    spec.schedule.warmup = std::llround(warmup * double(spec.schedule.total));
    return spec;
}

Integration EvalSpec::over(double seconds) const { return {dt, 1, std::llround(seconds / dt), integrator, tolerance}; }

int substeps(double gap, double dt) { return std::max(1, int(std::ceil(gap / dt - 1e-9))); }

}  // namespace lnn
