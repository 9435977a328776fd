#include "evaluation/measured.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "evaluation/evaluation.hpp"
#include "files/segments.hpp"
#include "statistics/statistics.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

// root mean square of column i of rows (samples, n) less what `predicted(row)` says
template <class F>
double rms_error(const std::vector<double>& rows, int n, int i, const F& predicted) {
    double squares = 0;
    const std::size_t samples = rows.size() / n;
    for (std::size_t s = 0; s < samples; ++s) squares += std::pow(rows[s * n + i] - predicted(s), 2);
    return std::sqrt(squares / double(samples));
}

double column_mean(const std::vector<double>& rows, int n, int i) {
    double sum = 0;
    for (std::size_t at = i; at < rows.size(); at += n) sum += rows[at];
    return sum / (double(rows.size()) / n);
}

// (samples, n) twice to (2n, samples), as the door takes states
std::vector<double> states_of(const Dataset& data, const std::vector<std::size_t>& rows) {
    const std::size_t n = data.dof;
    std::vector<double> states(2 * n * rows.size());
    for (std::size_t k = 0; k < rows.size(); ++k)
        for (std::size_t i = 0; i < n; ++i) {
            states[i * rows.size() + k] = data.q[rows[k] * n + i];
            states[(n + i) * rows.size() + k] = data.v[rows[k] * n + i];
        }
    return states;
}

Json accelerations(Backend& backend, const Problem& problem, const Network& network, const Dataset& training,
                   const Dataset& held_out) {
    const int n = held_out.dof;
    std::vector<std::size_t> all(held_out.samples);
    for (std::size_t s = 0; s < all.size(); ++s) all[s] = s;
    std::vector<double> learned(n * held_out.samples);
    backend.accelerate(network.models(), problem.arithmetic.solve, problem.arithmetic.network, states_of(held_out, all),
                       learned, {}, {});
    Json json = Json::object();
    for (int i = 0; i < n; ++i) {
        const double own_mean = column_mean(held_out.a, n, i), known_mean = column_mean(training.a, n, i);
        const double deviation = rms_error(held_out.a, n, i, [&](std::size_t) { return own_mean; });
        const double error =
            rms_error(held_out.a, n, i, [&](std::size_t s) { return learned[i * held_out.samples + s]; });
        const double naive = rms_error(held_out.a, n, i, [&](std::size_t) { return known_mean; });
        json[problem.coordinates.coordinates[i]] = {{"normalised_error", finite_or_null(error / deviation)},
                                                    {"predict_the_mean", finite_or_null(naive / deviation)},
                                                    {"rms_error", finite_or_null(error)},
                                                    {"deviation", deviation}};
    }
    return json;
}

// The states of a roll-out `dt` apart, q and v of sample `k` of `count`, at a time between two instants: a cubic
// through both positions and velocities (Hermite), and its slope.
void at_time(const std::vector<double>& path, int n, std::size_t count, std::size_t k, double dt, double time,
             double* state) {
    const std::size_t size = 2 * n * count, instants = path.size() / size;
    const std::size_t before = std::min(std::size_t(time / dt), instants - 2);
    const double s = time / dt - double(before);
    for (int i = 0; i < n; ++i) {
        const double* const a = path.data() + before * size;
        const double q0 = a[i * count + k], v0 = a[(n + i) * count + k] * dt;
        const double q1 = a[size + i * count + k], v1 = a[size + (n + i) * count + k] * dt;
        const double c2 = 3 * (q1 - q0) - 2 * v0 - v1, c3 = v0 + v1 - 2 * (q1 - q0);
        state[i] = q0 + s * (v0 + s * (c2 + s * c3));
        state[n + i] = (v0 + s * (2 * c2 + 3 * s * c3)) / dt;
    }
}

double median_step(const Dataset& data, const std::vector<Stretch>& stretches) {
    std::vector<double> steps;
    for (const Stretch& s : stretches)
        for (std::size_t row = s.first + 1; row < s.last; ++row) steps.push_back(data.t[row] - data.t[row - 1]);
    return quantile(sorted(steps), 0.5);
}

// each stretch of the data from its first state
std::vector<MeasuredRollout> rollouts(Backend& backend, const Problem& problem, const Network& network,
                                      const Dataset& data, const std::vector<Stretch>& stretches) {
    std::vector<MeasuredRollout> result(stretches.size());
    if (stretches.empty()) return result;
    const int n = data.dof;
    std::vector<std::size_t> first;
    double longest = 0;
    for (const Stretch& s : stretches) {
        first.push_back(s.first);
        longest = std::max(longest, data.t[s.last - 1] - data.t[s.first]);
    }
    // instants as far apart as those measured, integrated in steps of eval.dt at most
    constexpr int most_substeps = 1000;
    const double dt = median_step(data, stretches);
    const std::int64_t instants = std::max<std::int64_t>(1, std::llround(std::ceil(longest / dt)));
    const Integration run{dt, std::min(substeps(dt, problem.eval.dt), most_substeps), instants};
    const std::vector<double> initial = states_of(data, first);
    std::vector<double> path(std::size_t(instants + 1) * initial.size());
    backend.rollout(network.models(), problem.arithmetic.solve, run, problem.arithmetic.network,
                    problem.arithmetic.state, initial, path);

    for (std::size_t k = 0; k < stretches.size(); ++k) {
        MeasuredRollout& r = result[k];
        r.to_the_end = true;
        for (std::size_t row = stretches[k].first; row < stretches[k].last; ++row) {
            const double time = data.t[row] - data.t[stretches[k].first];
            std::vector<double> state(2 * n);
            at_time(path, n, stretches.size(), k, dt, time, state.data());
            bool valid = true;
            for (int i = 0; i < n; ++i) {
                double error = state[i] - data.q[row * n + i];
                if (is_angle(problem.coordinates, i)) error = std::remainder(error, 2 * std::numbers::pi);
                valid = valid && std::abs(error) <= problem.eval.valid_below;
            }
            r.to_the_end = r.to_the_end && valid;
            if (r.to_the_end) r.valid_time = time;
            r.t.push_back(data.t[row]);
            for (const auto* values : {&data.q, &data.v})
                r.truth.insert(r.truth.end(), values->begin() + row * n, values->begin() + (row + 1) * n);
            r.model.insert(r.model.end(), state.begin(), state.end());
        }
    }
    return result;
}

Json summary_of(const std::vector<MeasuredRollout>& rollouts) {
    std::vector<double> valid, lengths;
    for (const MeasuredRollout& r : rollouts) {
        valid.push_back(r.valid_time);
        lengths.push_back(r.t.back() - r.t.front());
    }
    return {{"count", rollouts.size()},
            {"valid_to_the_end",
             std::count_if(rollouts.begin(), rollouts.end(), [](const auto& r) { return r.to_the_end; })},
            {"median_valid_time", quantile(sorted(valid), 0.5)},
            {"median_length", quantile(sorted(lengths), 0.5)}};
}

// each motion, then its segments
std::vector<MeasuredRollout> in_order(std::vector<MeasuredRollout> whole, std::vector<MeasuredRollout> parts,
                                      const std::vector<Stretch>& motions, const std::vector<Stretch>& segments) {
    std::vector<MeasuredRollout> all;
    std::size_t part = 0;
    for (std::size_t k = 0; k < motions.size(); ++k) {
        whole[k].motion = int(k);
        all.push_back(std::move(whole[k]));
        for (int number = 1; part < segments.size() && segments[part].first < motions[k].last; ++part, ++number) {
            parts[part].motion = int(k);
            parts[part].segment = number;
            all.push_back(std::move(parts[part]));
        }
    }
    return all;
}

}  // namespace

MeasuredEvaluation evaluate_measured(Backend& backend, const Problem& problem, const std::vector<Network>& networks,
                                     const std::vector<bool>& alive, const Dataset& training, const Dataset& held_out) {
    Dataset data = held_out;
    gather_motions(data);
    std::vector<Stretch> motions, segments;
    const auto long_enough = [&](const Stretch& s) {
        for (std::size_t row = s.first + 1; row < s.last; ++row)
            if (!(data.t[row] > data.t[row - 1])) return false;
        return s.samples() > 1;
    };
    for (const Stretch& motion : data.t.empty() ? std::vector<Stretch>{} : motions_of(data)) {
        if (!long_enough(motion)) continue;
        motions.push_back(motion);
        for (const Stretch& segment : segments_of(data, motion))
            if (segment.samples() > 1) segments.push_back(segment);
    }

    MeasuredEvaluation result;
    Json models = Json::array();
    bool first = true;
    for (std::size_t m = 0; m < networks.size(); ++m) {
        Json model = {{"seed", problem.seed + m}, {"failed", !alive[m]}};
        if (alive[m]) {
            model["accelerations"] = accelerations(backend, problem, networks[m], training, data);
            std::vector<MeasuredRollout> whole = rollouts(backend, problem, networks[m], data, motions),
                                         parts = rollouts(backend, problem, networks[m], data, segments);
            if (!motions.empty()) {
                model["rollout"] = {{"from", whole[0].t.front()},
                                    {"length", whole[0].t.back() - whole[0].t.front()},
                                    {"valid_time", whole[0].valid_time}};
                model["segments"] = summary_of(parts);
            }
            if (networks[m].spec.damping) {  // Q = -D v, D = C C^T
                const int n = data.dof;
                const double* const c = networks[m].weights.data() + networks[m].weights.size() - n * n;
                Json rows = Json::array();
                for (int i = 0; i < n; ++i) {
                    rows.push_back(Json::array());
                    for (int j = 0; j < n; ++j) {
                        double sum = 0;
                        for (int k = 0; k < n; ++k) sum += c[i * n + k] * c[j * n + k];
                        rows.back().push_back(sum);
                    }
                }
                model["damping"] = rows;
            }
            if (first) result.rollouts = in_order(std::move(whole), std::move(parts), motions, segments);
            first = false;
        }
        models.push_back(model);
    }
    result.summary = {{"protocol", "measured"},
                      {"file", problem.data.path},
                      {"training_samples", training.samples},
                      {"held_out_samples", data.samples},
                      {"valid_below", problem.eval.valid_below},
                      {"models", models}};
    return result;
}

std::string rollouts_csv(const MeasuredEvaluation& e, const SystemInfo& coordinates) {
    const int n = coordinates.dof;
    std::string text = "motion,segment,t";
    for (const char* kind : {"measured", "model"})
        for (const char* prefix : {"", "d"})
            for (const std::string& name : coordinates.coordinates) text += fmt::format(",{}{} {}", prefix, name, kind);
    text += "\n";
    for (const MeasuredRollout& r : e.rollouts)
        for (std::size_t row = 0; row < r.t.size(); ++row) {
            text += fmt::format("{},{},{}", r.motion, r.segment, r.t[row]);
            for (const auto* values : {&r.truth, &r.model})
                for (int i = 0; i < 2 * n; ++i) text += fmt::format(",{:.9g}", (*values)[row * 2 * n + i]);
            text += "\n";
        }
    return text;
}

std::string measured_table(const nlohmann::ordered_json& summary) {
    const auto number = [](const Json& x) {
        return x.is_number() ? fmt::format("{:.4g}", x.get<double>()) : std::string("-");
    };
    std::string text =
        fmt::format("accelerations of {} held-out samples ({} to learn from), error over their deviation\n",
                    summary["held_out_samples"].dump(), summary["training_samples"].dump());
    text += fmt::format("{:<22}{:>12}{:>20}\n", "", "model", "predict the mean");
    for (const Json& model : summary["models"]) {
        const std::string label = summary["models"].size() > 1 ? fmt::format("seed {} ", model["seed"].dump()) : "";
        if (model["failed"]) {
            text += fmt::format("{:<22}failed in training\n", label);
            continue;
        }
        for (const auto& [name, entry] : model["accelerations"].items())
            text += fmt::format("{:<22}{:>12}{:>20}\n", label + name, number(entry["normalised_error"]),
                                number(entry["predict_the_mean"]));
        if (model.contains("rollout"))
            text += fmt::format(
                "{}roll-out from the first held-out state, t = {} s: valid for {} s of {} s\n"
                "{}segments between gaps: {} of {} valid to the end (median {} s of {} s)\n",
                label, number(model["rollout"]["from"]), number(model["rollout"]["valid_time"]),
                number(model["rollout"]["length"]), label, model["segments"]["valid_to_the_end"].dump(),
                model["segments"]["count"].dump(), number(model["segments"]["median_valid_time"]),
                number(model["segments"]["median_length"]));
        else
            text += fmt::format("{}no roll-outs: the held-out samples are no motion with rising times\n", label);
    }
    return text;
}

}  // namespace lnn
