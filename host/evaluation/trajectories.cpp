#include "evaluation/trajectories.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "files/hash.hpp"
#include "files/version.hpp"
#include "settings/write.hpp"

namespace lnn {

namespace {

constexpr std::int64_t slice_trajectories = 1000;

OverModels over_models(const std::vector<TrajectoryEvaluation::Model>& models, int coordinates) {
    const auto medians = [&](int coordinate) {
        std::vector<double> values;
        for (const auto& model : models)
            if (model.summary) {
                const double median = model.summary->mse[coordinate].all.median;
                values.push_back(std::isfinite(median) ? median : HUGE_VAL);
            }
        return values;
    };
    OverModels over;
    for (int i = 0; i < coordinates; ++i) {
        const auto s = sorted(medians(i));
        over.mse.push_back({quantile(s, 0.5), median_interval(s)});
    }
    if (coordinates > 1) {
        const auto first = medians(0), second = medians(1);
        std::int64_t worse = 0, unequal = 0;
        for (std::size_t m = 0; m < first.size(); ++m) {
            unequal += first[m] != second[m];
            worse += second[m] > first[m];
        }
        over.paired = {worse, unequal, sign_test(worse, unequal)};
    }
    return over;
}

template <class F>
std::vector<double> column(std::span<const TrajectoryScore> scores, F&& f) {
    std::vector<double> values;
    for (const TrajectoryScore& s : scores) values.push_back(f(s));
    return values;
}

// repeat r of each model holds `trajectories` scores
TrajectorySummary summarise(std::span<const TrajectoryScore> scores, std::int64_t trajectories, std::int64_t repeats,
                            int coordinates, const Integration& run) {
    TrajectorySummary summary;
    const std::int64_t blocks = std::int64_t(scores.size()) / trajectories;
    for (int i = 0; i < coordinates; ++i) {
        const auto mse = column(scores, [&](const TrajectoryScore& s) { return s.mse[i]; });
        std::vector<double> means;
        for (std::int64_t r = 0; r < repeats; ++r) {
            double sum = 0;
            for (std::int64_t b = r; b < blocks; b += repeats)
                sum += mean(std::span(mse).subspan(b * trajectories, trajectories));
            means.push_back(sum / double(blocks / repeats));
        }
        summary.mse.push_back({quantiles(mse), std::move(means)});
    }
    if (coordinates > 1) {
        std::int64_t second_worse = 0, unequal = 0;
        for (const TrajectoryScore& s : scores) {
            if (!std::isfinite(s.mse[0]) || !std::isfinite(s.mse[1]) || s.mse[0] == s.mse[1]) continue;
            ++unequal;
            second_worse += s.mse[1] > s.mse[0];
        }
        summary.paired = {unequal ? double(second_worse) / double(unequal) : NAN, unequal,
                          sign_test(second_worse, unequal)};
    }
    summary.energy_error = quantiles(column(scores, [](const auto& s) { return s.energy_error; }));
    summary.integrator_drift = quantiles(column(scores, [](const auto& s) { return s.energy_drift; }));
    const auto valid = column(scores, [](const auto& s) { return s.valid_time; });
    summary.valid_time = quantiles(valid);
    // what chaos leaves to any model: the truth against its twin
    summary.twin_valid_time = quantiles(column(scores, [](const auto& s) { return s.twin_valid_time; }));
    // a rate of growth is one of chaos where the twin did part; where most did not, the time was too short to tell. One
    // that held to the end did so until the last instant, which is not t_end where that is no multiple of dt.
    const double last_instant = double(run.instants) * run.dt;
    std::vector<double> exponents;
    for (const TrajectoryScore& s : scores)
        if (s.twin_valid_time < last_instant) exponents.push_back(s.lyapunov);
    if (exponents.size() * 2 >= scores.size()) {
        summary.lyapunov_exponent = quantiles(exponents);
        if (const double exponent = summary.lyapunov_exponent->median; exponent > 0) {
            std::vector<double> times = valid;
            for (double& time : times) time *= exponent;
            summary.valid_time_lyapunov = quantiles(times);
        }
    }
    summary.diverged = std::count_if(scores.begin(), scores.end(), [](const auto& s) { return s.diverged; });
    return summary;
}

}  // namespace

EvaluateJob evaluate_job(const Problem& problem) {
    EvaluateJob job;
    job.system = problem.true_system();
    job.draw = with_seed(problem.data.draw, problem.seed);
    job.integration = problem.eval.over(problem.eval.t_end);
    job.precision = problem.arithmetic.network;
    job.state = problem.arithmetic.state;
    job.solve = problem.arithmetic.solve;
    job.diverged_above = problem.eval.diverged_above;
    job.valid_below = problem.eval.valid_below;
    return job;
}

void check_system(const Network& network, const SystemInfo& system) {
    if (network.spec.dof != system.dof)
        throw Error(Exit::file,
                    fmt::format("the model has {} degrees of freedom, {} has {}; choose system.kind to match",
                                network.spec.dof, system.name, system.dof));
}

TrajectoryEvaluation evaluate_trajectories(Backend& backend, const Problem& problem,
                                           const std::vector<Network>& networks, const std::vector<bool>& alive,
                                           Progress& progress, PartialFile& partial) {
    const EvaluateJob job = evaluate_job(problem);
    check_system(networks[0], problem.coordinates);
    TrajectoryEvaluation result;
    result.system = problem.coordinates.name;
    result.coordinates = problem.coordinates.coordinates;
    result.t_end = problem.eval.t_end;
    result.dt = problem.eval.dt;
    result.trajectories = problem.eval.trajectories;
    result.repeats = problem.eval.repeats;
    const auto summary_of = [&](std::span<const TrajectoryScore> scores) {
        return summarise(scores, result.trajectories, result.repeats, job.system.dof, job.integration);
    };
    const std::int64_t per_model = result.trajectories * result.repeats;
    for (std::size_t m = 0; m < networks.size(); ++m) {
        const std::uint64_t seed = problem.seed + m;
        if (!alive[m]) {
            result.models.push_back({seed, {}});
            continue;
        }
        const std::size_t at = result.scores.size();
        result.scores.resize(at + per_model);
        const auto scores = std::span(result.scores).subspan(at, per_model);
        for (std::int64_t done = 0; done < per_model; done += slice_trajectories) {
            const std::int64_t count = std::min(slice_trajectories, per_model - done);
            const auto part = scores.subspan(done, count);
            if (std::string slice; partial.next(slice, part.size_bytes())) {
                std::memcpy(part.data(), slice.data(), slice.size());
            } else {
                backend.evaluate(networks[m].models(), job, done, part);
                partial.append({reinterpret_cast<const char*>(part.data()), part.size_bytes()});
            }
            result.done = std::int64_t(at) + done + count;
            progress.show(result.done);
            if ((result.stop = stop_requested()) != Stop::none) return result;
        }
        result.seeds.push_back(seed);
        result.models.push_back({seed, summary_of(scores)});
    }
    if (!result.seeds.empty()) result.pooled = summary_of(result.scores);
    if (result.seeds.size() > 1) result.over_models = over_models(result.models, job.system.dof);
    return result;
}

std::uint64_t evaluation_key(const Backend& backend, const Config& config, const std::vector<Network>& networks,
                             const std::vector<bool>& alive) {
    Config same = config;  // threads and cards do not change a bit
    same.run.threads = 0;
    same.run.device = "";
    const BackendInfo info = backend.info();
    std::uint64_t key =
        hash_of(fmt::format("{} {} {} {} {}", version(), git_description(), info.name, info.isa, config_to_toml(same)));
    for (std::size_t m = 0; m < networks.size(); ++m)
        if (alive[m]) {
            for (const auto& [name, value] : network_file(networks[m], true).metadata)
                key = hash_of(name + "=" + value, key);
            key = hash_of({reinterpret_cast<const char*>(networks[m].weights.data()),
                           networks[m].weights.size() * sizeof(double)},
                          key + m);
        }
    return key;
}

std::string per_trajectory_csv(const TrajectoryEvaluation& e) {
    std::string text = "seed,repeat,trajectory";
    for (const std::string& name : e.coordinates) text += ",mse_" + name;
    text += ",energy_error,energy_drift,valid_time,twin_valid_time,lyapunov_exponent,diverged\n";
    for (std::size_t m = 0; m < e.seeds.size(); ++m)
        for (std::int64_t k = 0; k < e.repeats * e.trajectories; ++k) {
            const TrajectoryScore& s = e.scores[m * e.repeats * e.trajectories + k];
            text += fmt::format("{},{},{}", e.seeds[m], k / e.trajectories, k % e.trajectories);
            for (std::size_t i = 0; i < e.coordinates.size(); ++i) text += fmt::format(",{:.9g}", s.mse[i]);
            text += fmt::format(",{:.9g},{:.9g},{:.9g},{:.9g},{:.9g},{}\n", s.energy_error, s.energy_drift,
                                s.valid_time, s.twin_valid_time, s.lyapunov, int(s.diverged));
        }
    return text;
}

std::vector<double> sample_trajectories(Backend& backend, const Problem& problem, const Network& network, int count) {
    const SystemSpec& system = problem.true_system();
    const int rows = 2 * system.dof;
    const Integration run = problem.eval.over(problem.eval.film);
    const std::size_t size = std::size_t(run.instants + 1) * rows * count;
    std::vector<double> initial(rows * count), raw(2 * size), out(2 * size);
    backend.draw(with_seed(problem.data.draw, problem.seed + 1'000'000), system.dof, 0, count, initial);
    backend.rollout(system, run, initial, std::span(raw).first(size));
    backend.rollout(network.models(), problem.arithmetic.solve, run, problem.arithmetic.network,
                    problem.arithmetic.state, initial, std::span(raw).last(size));
    // (instants + 1, 2n, count) to (count, instants + 1, 2n), twice
    for (std::size_t w = 0; w < 2; ++w)
        for (int s = 0; s < count; ++s)
            for (std::int64_t k = 0; k <= run.instants; ++k)
                for (int i = 0; i < rows; ++i)
                    out[w * size + (s * (run.instants + 1) + k) * rows + i] =
                        raw[w * size + (k * rows + i) * count + s];
    return out;
}

}  // namespace lnn
