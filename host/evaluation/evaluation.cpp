#include "evaluation/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include <fmt/format.h>

#include "files/hash.hpp"
#include "files/version.hpp"
#include "settings/write.hpp"
#include "statistics/statistics.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t slice_trajectories = 1000;

// Trajectories of one model depend on its weights, so that pooled ones say too much: the median over models of each
// model's median, its interval, and in how many models the second coordinate is worse.
Json over_models(const Json& models, const SystemInfo& system) {
    const auto medians = [&](int coordinate) {
        std::vector<double> values;
        for (const Json& model : models)
            if (!model["failed"]) {
                const Json& median = model["mse"][system.coordinates[coordinate]]["median"];
                values.push_back(median.is_number() ? median.get<double>() : HUGE_VAL);
            }
        return values;
    };
    Json summary = {{"mse", Json::object()}};  // no null, of which lacking memory could make no object
    for (int i = 0; i < system.dof; ++i) {
        const auto s = sorted(medians(i));
        const Interval interval = median_interval(s);
        summary["mse"][system.coordinates[i]] = {
            {"median", finite_or_null(quantile(s, 0.5))},
            {"ci95_median", {finite_or_null(interval.low), finite_or_null(interval.high)}}};
    }
    if (system.dof > 1) {
        const auto first = medians(0), second = medians(1);
        std::int64_t worse = 0, unequal = 0;
        for (std::size_t m = 0; m < first.size(); ++m) {
            unequal += first[m] != second[m];
            worse += second[m] > first[m];
        }
        summary["paired"] = {{"second_worse", worse}, {"models", unequal}, {"p_value", sign_test(worse, unequal)}};
    }
    return summary;
}

Json quantiles(std::span<const double> values) {
    if (values.empty()) return nullptr;
    const std::vector<double> s = sorted(values);
    const Interval interval = median_interval(s);
    return {{"mean", finite_or_null(mean(s))},
            {"median", finite_or_null(quantile(s, 0.5))},
            {"p05", finite_or_null(quantile(s, 0.05))},
            {"p95", finite_or_null(quantile(s, 0.95))},
            {"ci95_median", {finite_or_null(interval.low), finite_or_null(interval.high)}}};
}

template <class F>
std::vector<double> column(std::span<const TrajectoryScore> scores, F&& f) {
    std::vector<double> values;
    for (const TrajectoryScore& s : scores) values.push_back(f(s));
    return values;
}

// of one model, or of several pooled: repeat r of each holds `trajectories` scores
Json summarise(std::span<const TrajectoryScore> scores, std::int64_t trajectories, std::int64_t repeats,
               const SystemInfo& system, const Integration& run) {
    Json summary = {{"mse", Json::object()}};  // no null, of which lacking memory could make no object
    const std::int64_t blocks = std::int64_t(scores.size()) / trajectories;
    for (int i = 0; i < system.dof; ++i) {
        const auto mse = column(scores, [&](const TrajectoryScore& s) { return s.mse[i]; });
        Json entry = quantiles(mse);
        Json means = Json::array();
        for (std::int64_t r = 0; r < repeats; ++r) {
            double sum = 0;
            for (std::int64_t b = r; b < blocks; b += repeats)
                sum += mean(std::span(mse).subspan(b * trajectories, trajectories));
            means.push_back(finite_or_null(sum / double(blocks / repeats)));
        }
        entry["per_repeat_mean"] = means;
        summary["mse"][system.coordinates[i]] = entry;
    }
    if (system.dof > 1) {
        std::int64_t second_worse = 0, unequal = 0;
        for (const TrajectoryScore& s : scores) {
            if (!std::isfinite(s.mse[0]) || !std::isfinite(s.mse[1]) || s.mse[0] == s.mse[1]) continue;
            ++unequal;
            second_worse += s.mse[1] > s.mse[0];
        }
        summary["paired"] = {{"second_worse", unequal ? Json(double(second_worse) / double(unequal)) : Json(nullptr)},
                             {"trajectories", unequal},
                             {"p_value", sign_test(second_worse, unequal)}};
    }
    summary["energy_error"] = quantiles(column(scores, [](const auto& s) { return s.energy_error; }));
    summary["integrator_drift"] = quantiles(column(scores, [](const auto& s) { return s.energy_drift; }));
    const auto valid = column(scores, [](const auto& s) { return s.valid_time; });
    summary["valid_time"] = quantiles(valid);
    // what chaos leaves to any model: the truth against its twin
    summary["twin_valid_time"] = quantiles(column(scores, [](const auto& s) { return s.twin_valid_time; }));
    // a rate of growth is one of chaos where the twin did part; where most did not, the time was too short to tell. One
    // that held to the end did so until the last instant, which is not t_end where that is no multiple of dt.
    const double last_instant = double(run.instants) * run.dt;
    std::vector<double> exponents;
    for (const TrajectoryScore& s : scores)
        if (s.twin_valid_time < last_instant) exponents.push_back(s.lyapunov);
    const bool told = exponents.size() * 2 >= scores.size();
    summary["lyapunov_exponent"] = told ? quantiles(exponents) : Json(nullptr);
    const double exponent = told ? quantile(sorted(exponents), 0.5) : 0.0;
    summary["valid_time_lyapunov"] = nullptr;
    if (exponent > 0) {
        std::vector<double> times = valid;
        for (double& t : times) t *= exponent;
        summary["valid_time_lyapunov"] = quantiles(times);
    }
    summary["diverged"] = std::count_if(scores.begin(), scores.end(), [](const auto& s) { return s.diverged; });
    return summary;
}

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

Draw box_draw(const SystemInfo& system, double angle, double speed) {
    if (system.angles != (1u << system.dof) - 1)
        throw Error(Exit::usage,
                    fmt::format("the published protocols are for pendulums; {} has coordinates that are not "
                                "angles",
                                system.name));
    Draw draw;
    for (int i = 0; i < system.dof; ++i) {
        draw.high[i] = angle;
        draw.low[system.dof + i] = -speed;
        draw.high[system.dof + i] = speed;
    }
    return draw;
}

// |E| hanging at rest, 29.4 J for the double pendulum of unit masses and lengths
double energy_at_rest(Backend& backend, const SystemSpec& system) {
    std::vector<double> rest(2 * system.dof, 0.0), accelerations(system.dof), energy(1);
    backend.accelerate(system, rest, accelerations, energy);
    return std::abs(energy[0]);
}

std::string number(const Json& x) { return x.is_number() ? fmt::format("{:.4g}", x.get<double>()) : "-"; }

}  // namespace

void check_system(const Network& network, const SystemInfo& system) {
    if (network.spec.dof != system.dof)
        throw Error(Exit::file,
                    fmt::format("the model has {} degrees of freedom, {} has {}; choose system.kind to match",
                                network.spec.dof, system.name, system.dof));
}

nlohmann::ordered_json finite_or_null(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

TrajectoryEvaluation evaluate_trajectories(Backend& backend, const Problem& problem,
                                           const std::vector<Network>& networks, const std::vector<bool>& alive,
                                           Progress& progress, PartialFile& partial) {
    const EvaluateJob job = evaluate_job(problem);
    const SystemInfo& system = problem.coordinates;
    check_system(networks[0], system);
    TrajectoryEvaluation result;
    result.trajectories = problem.eval.trajectories;
    result.repeats = problem.eval.repeats;
    const std::int64_t per_model = result.trajectories * result.repeats;
    Json models = Json::array();
    for (std::size_t m = 0; m < networks.size(); ++m) {
        const std::uint64_t seed = problem.seed + m;
        if (!alive[m]) {
            models.push_back({{"seed", seed}, {"failed", true}});
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
        Json entry = {{"seed", seed}, {"failed", false}};
        entry.update(summarise(scores, result.trajectories, result.repeats, system, job.integration));
        models.push_back(entry);
    }
    Json summary = {{"protocol", "trajectories"},
                    {"system", system.name},
                    {"trajectories", result.trajectories},
                    {"repeats", result.repeats},
                    {"models_evaluated", result.seeds.size()},
                    {"t_end", problem.eval.t_end},
                    {"dt", problem.eval.dt}};
    if (!result.seeds.empty())
        summary.update(summarise(result.scores, result.trajectories, result.repeats, system, job.integration));
    if (result.seeds.size() > 1) summary["over_models"] = over_models(models, system);
    summary["models"] = models;
    result.summary = summary;
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

std::string per_trajectory_csv(const TrajectoryEvaluation& e, const SystemInfo& system) {
    std::string text = "seed,repeat,trajectory";
    for (const std::string& name : system.coordinates) text += ",mse_" + name;
    text += ",energy_error,energy_drift,valid_time,twin_valid_time,lyapunov_exponent,diverged\n";
    for (std::size_t m = 0; m < e.seeds.size(); ++m)
        for (std::int64_t k = 0; k < e.repeats * e.trajectories; ++k) {
            const TrajectoryScore& s = e.scores[m * e.repeats * e.trajectories + k];
            text += fmt::format("{},{},{}", e.seeds[m], k / e.trajectories, k % e.trajectories);
            for (int i = 0; i < system.dof; ++i) text += fmt::format(",{:.9g}", s.mse[i]);
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

nlohmann::ordered_json evaluate_box(Backend& backend, const Problem& problem, const Network& network,
                                    std::int64_t states) {
    const SystemSpec& spec = problem.true_system();
    const SystemInfo& system = problem.coordinates;
    check_system(network, system);
    const int n = spec.dof;
    const Draw draw = [&] {
        Draw d = box_draw(system, 2 * std::numbers::pi, 10);
        d.seed = problem.seed ^ 0x626f78;  // not the states it was trained on
        return d;
    }();
    constexpr std::int64_t slice = 8192;
    std::vector<double> errors, sizes;
    for (std::int64_t first = 0; first < states; first += slice) {
        const std::int64_t count = std::min(slice, states - first);
        std::vector<double> x(2 * n * count), truth(n * count), learned(n * count);
        backend.draw(draw, n, first, count, x);
        backend.accelerate(spec, x, truth, {});
        backend.accelerate(network.models(), problem.arithmetic.solve, problem.arithmetic.network, x, learned, {}, {});
        for (std::int64_t s = 0; s < count; ++s) {
            double error = 0, size = 0;
            for (int i = 0; i < n; ++i) {
                error += std::abs(learned[i * count + s] - truth[i * count + s]);
                size += std::abs(truth[i * count + s]);
            }
            errors.push_back(error);
            sizes.push_back(size);
        }
    }
    Json result = {{"protocol", "box"}, {"system", system.name}, {"states", states}, {"unit", "rad/s^2"}};
    result["l1"] = quantiles(errors);
    result["mean_size"] = mean(sizes);
    result["non_finite"] = std::count_if(errors.begin(), errors.end(), [](double e) { return !std::isfinite(e); });
    result["published"] = {{"LNN", 0.0689}, {"plain network", 0.0739}};
    return result;
}

nlohmann::ordered_json evaluate_energy(Backend& backend, const Problem& problem, const Network& network,
                                       std::int64_t starts) {
    EvaluateJob job = evaluate_job(problem);
    const SystemInfo& system = problem.coordinates;
    check_system(network, system);
    job.draw = box_draw(system, 2 * std::numbers::pi, 0);
    for (int i = 0; i < system.dof; ++i) job.draw.high[system.dof + i] = 0.1;
    job.draw.seed = problem.seed;
    job.integration = {0.1, 20, 1000};  // 100 s in steps of 0.005 s
    const double scale = energy_at_rest(backend, job.system);
    if (scale == 0)
        throw Error(Exit::usage,
                    fmt::format("{} of these parameters has no energy at rest, which the errors of --protocol energy "
                                "are relative to; choose --protocol trajectories or box",
                                system.name));
    std::vector<TrajectoryScore> scores(starts);
    backend.evaluate(network.models(), job, 0, scores);
    std::vector<double> errors, drifts;
    for (const TrajectoryScore& s : scores) {
        errors.push_back(s.diverged ? HUGE_VAL : s.energy_error / scale);
        drifts.push_back(s.energy_drift / scale);
    }
    const auto s = sorted(errors), d = sorted(drifts);
    Json result = {
        {"protocol", "energy"}, {"system", system.name}, {"starts", starts}, {"t_end", 100.0}, {"dt", 0.005}};
    result["energy_scale"] = scale;
    result["relative_error"] = {{"mean", finite_or_null(mean(s))},
                                {"median", finite_or_null(quantile(s, 0.5))},
                                {"worst", finite_or_null(s.back())}};
    result["integrator_floor"] = {{"mean", mean(d)}, {"worst", d.back()}};
    result["diverged"] = std::count_if(scores.begin(), scores.end(), [](const auto& x) { return x.diverged; });
    result["published"] = {{"LNN", 0.0043}, {"plain network", 0.08}};
    return result;
}

std::string trajectory_table(const nlohmann::ordered_json& summary) {
    std::string text = fmt::format("MSE over {} random trajectories of {} s, computed {} times, {} model{}\n",
                                   summary["trajectories"].dump(), summary["t_end"].dump(), summary["repeats"].dump(),
                                   summary["models_evaluated"].dump(), summary["models_evaluated"] == 1 ? "" : "s");
    if (!summary.contains("mse")) return text + "no model survived training\n";
    const std::size_t repeats = summary["repeats"];
    text += fmt::format("{:<22}", "");
    for (std::size_t r = 0; r < repeats; ++r) text += fmt::format(" {:>10}", fmt::format("mean {}", r + 1));
    text += fmt::format(" {:>10} {:>22} {:>10} {:>10}\n", "median", "95 % interval", "5 %", "95 %");
    const auto rows = [&](const Json& mse, const std::string& label) {
        for (const auto& [name, entry] : mse.items()) {
            text += fmt::format("{:<22}", label.empty() ? name : fmt::format("{} {}", label, name));
            for (const auto& value : entry["per_repeat_mean"]) text += fmt::format(" {:>10}", number(value));
            text +=
                fmt::format(" {:>10} {:>22} {:>10} {:>10}\n", number(entry["median"]),
                            fmt::format("{} .. {}", number(entry["ci95_median"][0]), number(entry["ci95_median"][1])),
                            number(entry["p05"]), number(entry["p95"]));
        }
    };
    if (summary["models"].size() > 1) {
        for (const auto& model : summary["models"]) {
            const std::string label = fmt::format("seed {}", model["seed"].dump());
            if (model["failed"])
                text += fmt::format("{:<22}failed in training\n", label);
            else
                rows(model["mse"], label);
        }
        rows(summary["mse"], "all");
    } else {
        rows(summary["mse"], "");
    }
    if (summary.contains("paired"))
        text += fmt::format(
            "the second coordinate is worse in {} of {} trajectories (sign test over trajectories: p = {})\n",
            summary["paired"]["second_worse"].is_number()
                ? fmt::format("{:.1f} %", 100 * summary["paired"]["second_worse"].get<double>())
                : "-",
            summary["paired"]["trajectories"].dump(), number(summary["paired"]["p_value"]));
    if (summary.contains("over_models")) {
        const Json& all = summary["over_models"];
        text += "over models, which are independent where their trajectories are not, the median of the medians:";
        for (const auto& [name, entry] : all["mse"].items())
            text += fmt::format(" {} {} ({} .. {})", name, number(entry["median"]), number(entry["ci95_median"][0]),
                                number(entry["ci95_median"][1]));
        text += "\n";
        if (all.contains("paired"))
            text += fmt::format("the second coordinate is worse in {} of {} models (sign test over models: p = {})\n",
                                all["paired"]["second_worse"].dump(), all["paired"]["models"].dump(),
                                number(all["paired"]["p_value"]));
    }
    text += fmt::format("energy error: median {} J, 95 % below {} J (the integrator's own: {} J)\n",
                        number(summary["energy_error"]["median"]), number(summary["energy_error"]["p95"]),
                        number(summary["integrator_drift"]["median"]));
    const Json& times = summary["valid_time_lyapunov"];
    text += fmt::format("valid for {} s (median{}); a twin of the truth, started {:g} off: {} s; diverged: {}\n",
                        number(summary["valid_time"]["median"]),
                        times.is_null() ? "" : fmt::format("; {} Lyapunov times", number(times["median"])), twin_offset,
                        number(summary["twin_valid_time"]["median"]), summary["diverged"].dump());
    return text;
}

std::string protocol_table(const nlohmann::ordered_json& r) {
    if (r["protocol"] == "box")
        return fmt::format(
            "box, {} fresh states: L1 {} (median {}, 95 % below {}); mean |a| {}; published LNN 0.0689\n"
            "non-finite: {}\n",
            r["states"].dump(), number(r["l1"]["mean"]), number(r["l1"]["median"]), number(r["l1"]["p95"]),
            number(r["mean_size"]), r["non_finite"].dump());
    const auto percent = [](const Json& x) {
        return x.is_number() ? fmt::format("{:.4f} %", 100 * x.get<double>()) : "-";
    };
    return fmt::format(
        "energy, {} starts, 100 s: mean {}, median {}, worst {} (the integrator's own: {}); published LNN 0.43 %\n"
        "diverged: {}\n",
        r["starts"].dump(), percent(r["relative_error"]["mean"]), percent(r["relative_error"]["median"]),
        percent(r["relative_error"]["worst"]), percent(r["integrator_floor"]["mean"]), r["diverged"].dump());
}

}  // namespace lnn
