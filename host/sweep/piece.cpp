#include "sweep/piece.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "problem/initialise.hpp"
#include "problem/problem.hpp"
#include "run/work.hpp"
#include "settings/write.hpp"
#include "training/trainer.hpp"

namespace lnn {

namespace {

constexpr std::int64_t held_out_states = 4096;
constexpr std::uint64_t held_out_seed = 0x7377656570;  // not the states anything was trained on

// what models side by side may differ in
std::string shape_of(Config config) {
    config.run.seed = 0;
    const Config::Train plain;
    Config::Train& t = config.train;
    t.lr = plain.lr, t.beta1 = plain.beta1, t.beta2 = plain.beta2, t.eps = plain.eps, t.clip = plain.clip,
    t.ema = plain.ema;
    if (t.guard != "rollback") t.guard = plain.guard;
    t.schedule = plain.schedule;
    return config_to_toml(config);
}

// what units are judged by: fresh states of the base configuration's ranges, or what a file holds out
Dataset held_out(Backend& backend, const Config& base, const Work& work) {
    const Problem& unit = work.problem;
    if (!unit.system) return work.held_out.samples > 0 ? work.held_out : work.data[0];
    const Draw draw = with_seed(draw_of(base, unit.coordinates), held_out_seed);
    return drawn_dataset(backend, *unit.system, draw, 0, held_out_states);
}

void judge(Backend& backend, const Arithmetic& arithmetic, const Dataset& data, TrainedModel& model) {
    const std::size_t n = data.dof, samples = data.samples;
    std::vector<double> states(2 * n * samples), found(n * samples);
    for (std::size_t s = 0; s < samples; ++s)
        for (std::size_t i = 0; i < n; ++i) {
            states[i * samples + s] = data.q[s * n + i];
            states[(n + i) * samples + s] = data.v[s * n + i];
        }
    backend.accelerate(model.network.models(), arithmetic.solve, arithmetic.network, states, found, {}, {});
    double error = 0, size = 0;
    for (std::size_t s = 0; s < samples; ++s)
        for (std::size_t i = 0; i < n; ++i) {
            error += std::abs(found[i * samples + s] - data.a[s * n + i]);
            size += std::abs(data.a[s * n + i]);
        }
    model.row.error = error / double(samples);
    model.row.relative_error = error / size;
}

}  // namespace

std::vector<std::vector<std::int64_t>> pieces(const Plan& plan, std::span<const std::int64_t> ids, std::size_t most) {
    std::vector<std::vector<std::int64_t>> all;
    std::map<std::string, std::size_t> open;  // the piece of a shape that has room
    for (const std::int64_t id : ids) {
        const auto [at, fresh] = open.try_emplace(shape_of(plan.config(id)), all.size());
        if (!fresh && all[at->second].size() >= most) at->second = all.size();
        if (at->second == all.size()) all.emplace_back();
        all[at->second].push_back(id);
    }
    return all;
}

std::optional<std::vector<TrainedModel>> train_piece(Backend& backend, const Plan& plan, int rung,
                                                     std::span<const std::int64_t> ids) {
    Config config = plan.config(ids[0], rung);
    const Work work = read_work(config, "", Options::silent());
    const Problem& problem = work.problem;
    std::vector<Problem> each;  // what is each one's own: its seed, Adam's numbers
    for (const std::int64_t id : ids) each.push_back(problem_of(plan.config(id, rung)));
    std::vector<std::uint64_t> seeds;
    std::vector<Network> networks;
    for (const Problem& own : each) {
        seeds.push_back(own.seed);
        networks.push_back(initial_network(problem, own.seed, std::nullopt));
    }
    TrainingData data(backend, problem, seeds, work.data);
    std::vector<AdamSpec> adam;
    for (const Problem& own : each) adam.push_back(own.train.adam_for(data.samples()));
    Trainer trainer(backend, problem, data, std::move(networks), adam, {}, {});
    Progress silent("", "", 0, false);
    const TrainingOutcome outcome = trainer.run(silent, 0);
    const bool all_failed = std::all_of(outcome.failed.begin(), outcome.failed.end(), [](auto f) { return f >= 0; });
    if (outcome.steps < problem.train.total_steps(data.samples()) && !all_failed) return std::nullopt;

    const Dataset judged_by = held_out(backend, plan.base(), work);
    const auto& metrics = trainer.metrics();
    const std::vector<Network> learned = trainer.networks();
    std::vector<TrainedModel> results(ids.size());
    for (std::size_t m = 0; m < ids.size(); ++m) {
        Row& row = results[m].row;
        row.id = ids[m];
        row.settings = plan.settings(ids[m]);
        row.rung = rung;
        row.seed = seeds[m];
        row.failed_at = outcome.failed[m];
        row.skipped = outcome.skipped[m];
        row.rolled_back = outcome.rolled_back[m];
        row.truncated = outcome.truncated[m];
        row.seconds = outcome.seconds / double(ids.size());
        if (row.failed()) continue;
        row.loss = metrics[metrics.size() - ids.size() + m].loss;
        results[m].network = learned[m];
        judge(backend, problem.arithmetic, judged_by, results[m]);
    }
    return results;
}

}  // namespace lnn
