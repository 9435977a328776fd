#include "sweep/units.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "config/write.hpp"
#include "initialise.hpp"
#include "problem.hpp"
#include "trainer.hpp"
#include "work.hpp"

namespace lnn {

namespace {

constexpr double most_units = 1e6;
constexpr std::int64_t held_out_states = 4096;
constexpr std::uint64_t held_out_seed = 0x7377656570;  // not the states anything was trained on

// what models side by side may differ in
std::string shape_of(Config config) {
    const bool seeded_scale = config.train.balance == "scale" && !config.data.is_file();
    if (!seeded_scale) config.run.seed = 0;  // else the data of a group's first seed would scale all of it
    const Config::Train plain;
    Config::Train& t = config.train;
    t.lr = plain.lr, t.beta1 = plain.beta1, t.beta2 = plain.beta2, t.eps = plain.eps, t.clip = plain.clip, t.ema = plain.ema;
    if (t.guard != "rollback") t.guard = plain.guard;
    t.schedule = plain.schedule;
    return config_to_toml(config);
}

// what units are judged by: fresh states of the base configuration's ranges, or what a file holds out
Dataset held_out(Backend& backend, const Config& base, Config unit, const Work& work) {
    if (!has_system(unit)) return work.held_out.samples > 0 ? work.held_out : work.data[0];
    unit.data.distribution = base.data.distribution;
    unit.data.angle = base.data.angle;
    unit.data.position = base.data.position;
    unit.data.velocity = base.data.velocity;
    return drawn_dataset(backend, unit, held_out_seed, 0, held_out_states);
}

void judge(Backend& backend, const Config& config, const Dataset& data, UnitResult& unit) {
    const std::size_t n = data.dof, samples = data.samples;
    std::vector<double> states(2 * n * samples), found(n * samples);
    for (std::size_t s = 0; s < samples; ++s)
        for (std::size_t i = 0; i < n; ++i) {
            states[i * samples + s] = data.q[s * n + i];
            states[(n + i) * samples + s] = data.v[s * n + i];
        }
    backend.accelerate(unit.network.models(), solve_spec(config), precision_of(config.run.precision), states, found, {}, {});
    double error = 0, size = 0;
    for (std::size_t s = 0; s < samples; ++s)
        for (std::size_t i = 0; i < n; ++i) {
            error += std::abs(found[i * samples + s] - data.a[s * n + i]);
            size += std::abs(data.a[s * n + i]);
        }
    unit.error = error / double(samples);
    unit.relative_error = error / size;
}

}  // namespace

Plan::Plan(Config base) : base_(std::move(base)) {
    const auto grid = parse_space(base_.sweep.grid, "--grid"), space = parse_space(base_.sweep.space, "--space");
    if (space.empty() != (base_.sweep.random == 0))
        throw Error(Exit::usage, space.empty() ? "--random: of what? name it by --space KEY=log(1e-5,1e-1), ..."
                                               : "--space: how many points? give --random N");
    double combinations = std::max(1, base_.sweep.random);
    for (const Dimension& d : grid) {
        combinations *= double(d.choices.size());
        keys_.push_back(d.key);
    }
    for (const Dimension& d : space) {
        if (std::find(keys_.begin(), keys_.end(), d.key) != keys_.end())
            throw Error(Exit::usage, fmt::format("{} is in --grid and in --space; leave one out", d.key));
        keys_.push_back(d.key);
    }
    if (keys_.empty()) throw Error(Exit::usage, "nothing to sweep; give --grid KEY=a,b or --random N --space KEY=log(a,b)");
    if (combinations * base_.run.seeds > most_units)
        throw Error(Exit::usage, fmt::format("{:.3g} models; a sweep has at most {:.0g}", combinations * base_.run.seeds, most_units));
    const std::int64_t cells = std::int64_t(combinations) / std::max(1, base_.sweep.random);
    for (std::int64_t p = 0; p < std::int64_t(combinations); ++p) {
        std::vector<Setting> point(grid.size());
        std::int64_t rest = p % cells;
        for (std::size_t i = grid.size(); i-- > 0; rest /= std::int64_t(grid[i].choices.size())) {
            const std::string& value = grid[i].choices[std::size_t(rest) % grid[i].choices.size()];
            point[i] = {grid[i].key, value, fmt::format("--grid {}={}", grid[i].key, value)};
        }
        for (const Dimension& d : space) {
            const std::string value = draw_value(d, base_.run.seed, p / cells);
            point.push_back({d.key, value, fmt::format("--space {}={}", d.key, value)});
        }
        with_settings(base_, point);  // refused now rather than in the night
        points_.push_back(std::move(point));
    }
}

Config Plan::config(std::int64_t id, int rung) const {
    Config config = with_settings(base_, point(id));
    const std::int64_t parts = std::int64_t(1) << (rungs() - 1 - rung);
    const auto share = [&](auto& count) {
        if (count > 0) count = std::max<std::remove_cvref_t<decltype(count)>>(1, count / parts);
    };
    share(config.train.steps), share(config.train.epochs), share(config.train.lm.iterations);
    config.run.seed = seed(id);
    config.run.seeds = 1;
    return config;
}

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

std::optional<std::vector<UnitResult>> train_piece(Backend& backend, const Plan& plan, int rung,
                                                   std::span<const std::int64_t> ids) {
    Options quiet;
    quiet.quiet = true;
    std::vector<Config> configs;
    for (const std::int64_t id : ids) configs.push_back(plan.config(id, rung));
    Config& config = configs[0];
    const Work work = read_work(config, "", quiet);
    std::vector<std::uint64_t> seeds;
    std::vector<Network> networks;
    for (const Config& own : configs) {
        seeds.push_back(own.run.seed);
        networks.push_back(initial_network(config, own.run.seed, std::nullopt));
    }
    TrainingData data(backend, config, seeds, work.data);
    std::vector<AdamSpec> adam;
    for (const Config& own : configs) adam.push_back(adam_spec(own, data.samples()));
    Trainer trainer(backend, config, data, std::move(networks), adam, {});
    Progress silent("", "", 0, false);
    const TrainingOutcome outcome = trainer.run(silent, 0);
    const bool all_failed = std::all_of(outcome.failed.begin(), outcome.failed.end(), [](auto f) { return f >= 0; });
    if (outcome.steps < total_steps(config, data.samples()) && !all_failed) return std::nullopt;

    const Dataset judged_by = held_out(backend, plan.base(), config, work);
    const auto& metrics = trainer.metrics();
    const std::vector<Network> learned = trainer.networks();
    std::vector<UnitResult> results(ids.size());
    for (std::size_t m = 0; m < ids.size(); ++m) {
        UnitResult& unit = results[m];
        unit.id = ids[m];
        unit.failed_at = outcome.failed[m];
        unit.skipped = outcome.skipped[m];
        unit.rolled_back = outcome.rolled_back[m];
        unit.truncated = outcome.truncated[m];
        unit.seconds = outcome.seconds / double(ids.size());
        unit.loss = unit.error = unit.relative_error = std::numeric_limits<double>::quiet_NaN();
        if (unit.failed_at >= 0) continue;
        unit.loss = metrics[metrics.size() - ids.size() + m].loss;
        unit.network = learned[m];
        judge(backend, config, judged_by, unit);
    }
    return results;
}

}  // namespace lnn
