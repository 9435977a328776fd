#include "evaluation/measured.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <fmt/format.h>

#include "files/segments.hpp"
#include "statistics/statistics.hpp"

namespace lnn {

namespace {

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

// (n, samples)
std::vector<double> accelerations(Backend& backend, const Problem& problem, const Network& network,
                                  const Dataset& data) {
    std::vector<std::size_t> all(data.samples);
    std::iota(all.begin(), all.end(), 0);
    std::vector<double> learned(data.dof * data.samples);
    backend.accelerate(network.models(), problem.arithmetic.solve, problem.arithmetic.network, states_of(data, all),
                       learned, {}, {});
    return learned;
}

// number by number
std::vector<double> median_of(const std::vector<std::vector<double>>& models) {
    std::vector<double> medians;
    for (std::size_t i = 0; i < models[0].size(); ++i) {
        std::vector<double> values;
        for (const std::vector<double>& model : models)
            values.push_back(std::isnan(model[i]) ? std::numeric_limits<double>::infinity() : model[i]);
        medians.push_back(quantile(sorted(values), 0.5));
    }
    return medians;
}

// of learned accelerations (n, samples)
std::vector<MeasuredErrors> errors_of(const std::vector<double>& learned, const Dataset& training,
                                      const Dataset& held_out) {
    const int n = held_out.dof;
    std::vector<MeasuredErrors> errors;
    for (int i = 0; i < n; ++i) {
        const double own_mean = column_mean(held_out.a, n, i), known_mean = column_mean(training.a, n, i);
        const double deviation = rms_error(held_out.a, n, i, [&](std::size_t) { return own_mean; });
        const double error =
            rms_error(held_out.a, n, i, [&](std::size_t s) { return learned[i * held_out.samples + s]; });
        const double naive = rms_error(held_out.a, n, i, [&](std::size_t) { return known_mean; });
        errors.push_back({error / deviation, naive / deviation, error, deviation});
    }
    return errors;
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

MeasuredSegments summary_of(const std::vector<MeasuredRollout>& rollouts) {
    std::vector<double> valid, lengths;
    for (const MeasuredRollout& r : rollouts) {
        valid.push_back(r.valid_time);
        lengths.push_back(r.t.back() - r.t.front());
    }
    const std::int64_t whole =
        std::count_if(rollouts.begin(), rollouts.end(), [](const auto& r) { return r.to_the_end; });
    return {std::int64_t(rollouts.size()), whole, quantile(sorted(valid), 0.5), quantile(sorted(lengths), 0.5)};
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

// D of Q = -D v, D = C C^T, row by row
std::vector<std::vector<double>> damping_matrix(const Network& network) {
    const int n = network.spec.dof;
    const double* const c = network.weights.data() + network.weights.size() - n * n;
    std::vector<std::vector<double>> rows(n, std::vector<double>(n));
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j)
            for (int k = 0; k < n; ++k) rows[i][j] += c[i * n + k] * c[j * n + k];
    return rows;
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
    result.coordinates = problem.coordinates.coordinates;
    result.file = problem.data.path;
    result.training_samples = training.samples;
    result.held_out_samples = data.samples;
    result.valid_below = problem.eval.valid_below;
    std::vector<std::vector<double>> learned;  // of each model that is alive
    for (std::size_t m = 0; m < networks.size(); ++m) {
        MeasuredModel& model = result.models.emplace_back();
        model.seed = problem.seed + m;
        model.failed = !alive[m];
        if (model.failed) continue;
        learned.push_back(accelerations(backend, problem, networks[m], data));
        model.accelerations = errors_of(learned.back(), training, data);
        std::vector<MeasuredRollout> whole = rollouts(backend, problem, networks[m], data, motions),
                                     parts = rollouts(backend, problem, networks[m], data, segments);
        if (!motions.empty()) {
            const MeasuredRollout& first = whole[0];
            model.rollout = {first.t.front(), first.t.back() - first.t.front(), first.valid_time};
            model.segments = summary_of(parts);
        }
        if (networks[m].spec.damping) model.damping = damping_matrix(networks[m]);
        if (result.rollouts.empty()) result.rollouts = in_order(std::move(whole), std::move(parts), motions, segments);
    }
    if (learned.size() > 1) result.median = errors_of(median_of(learned), training, data);
    return result;
}

std::string rollouts_csv(const MeasuredEvaluation& e) {
    const int n = int(e.coordinates.size());
    std::string text = "motion,segment,t";
    for (const char* kind : {"measured", "model"})
        for (const char* prefix : {"", "d"})
            for (const std::string& name : e.coordinates) text += fmt::format(",{}{} {}", prefix, name, kind);
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

}  // namespace lnn
