#include "training/levenberg_marquardt.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "lnn/robust.hpp"

namespace lnn {

namespace {

constexpr double rise = 4;                      // of the damping after a try that failed
constexpr double least_damping = 1e-12;         // of a normal matrix in float64, whose diagonal it multiplies
constexpr double most_damping = 1e12;           // steps are nothing by then
constexpr int most_tries = 6;                   // of one iteration
constexpr std::size_t most_numbers = 1u << 26;  // in the normal matrices held at once

// Factor of the damping after a step, from its gain: how much the cost fell, of how much the linearised problem said
// it would. A step between the two bounds keeps its damping, or the next would fail as often as not.
double damping_factor(double gain) { return gain > 0.75 ? 1.0 / 3 : gain < 0.25 ? 2 : 1; }

// how much less the cost of the linearised problem is after a step h: h . (J^T r + mu D h)
double predicted_fall(const NormalEquations& one, double damping, std::span<const double> step) {
    const std::size_t parameters = step.size();
    double largest = 0, fall = 0;
    for (std::size_t p = 0; p < parameters; ++p) largest = std::max(largest, one.matrix[p * parameters + p]);
    for (std::size_t p = 0; p < parameters; ++p)
        fall +=
            step[p] * (one.right[p] + damping * (one.matrix[p * parameters + p] + damping_floor * largest) * step[p]);
    return fall;
}

// Sum over the residuals that `before` has a finite cost of, by the number of all: as the normal equations count. NaN
// where there is none.
double mean_cost(std::span<const double> costs, std::span<const double> before) {
    double sum = 0;
    bool any = false;
    for (std::size_t i = 0; i < costs.size(); ++i)
        if (std::isfinite(before[i])) sum += costs[i], any = true;
    return any ? sum / double(costs.size()) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

LevenbergMarquardt::LevenbergMarquardt(Backend& backend, const Arithmetic& arithmetic, const TrainSpec::Lm& lm,
                                       int models, const PerComponent& scale)
    : damping(models, lm.damping),
      rejected(models, 0),
      backend_(backend),
      arithmetic_(arithmetic),
      robust_{lm.delta, scale},
      decay_(lm.decay) {}

// to the equations of models side by side: weights (models, parameters)
void LevenbergMarquardt::add_decay(std::span<const double> weights, NormalEquations& equations) const {
    const std::size_t parameters = equations.matrix.size() / equations.right.size();
    for (std::size_t i = 0; i < weights.size(); ++i) {
        equations.matrix[i * parameters + i % parameters] += decay_;
        equations.right[i] += decay_ * weights[i];
    }
}

double LevenbergMarquardt::penalty(std::span<const double> weights) const {
    return decay_ * std::inner_product(weights.begin(), weights.end(), weights.begin(), 0.0);
}

// the cost of each residual (n, samples), in float64 whatever the rows are in
std::vector<double> LevenbergMarquardt::costs(const Models& model, std::span<const double> states,
                                              std::span<const double> accelerations) const {
    std::vector<double> found(accelerations.size());
    backend_.accelerate(model, arithmetic_.solve, Precision::f64, states, found, {}, {});
    const std::size_t samples = found.size() / model.spec.dof;
    for (std::size_t i = 0; i < found.size(); ++i)
        found[i] = robust_cost(robust_.delta, (found[i] - accelerations[i]) / robust_.scale[i / samples]);
    return found;
}

std::vector<LmIteration> LevenbergMarquardt::iterate(const ModelSpec& spec, std::span<double> weights,
                                                     std::span<const double> states,
                                                     std::span<const double> accelerations,
                                                     std::span<const std::int64_t> failed) {
    const std::size_t models = damping.size(), parameters = weights.size() / models;
    std::vector<double> learned(weights.begin(), weights.end()), dampings = damping;
    std::vector<std::int64_t> rejections = rejected;
    const auto part = [models](auto all, std::size_t first, std::size_t count) {
        const std::size_t each = all.size() / models;
        return all.subspan(first * each, count * each);
    };
    // a group of models has its equations at a time
    const std::size_t group = std::clamp<std::size_t>(most_numbers / (parameters * parameters), 1, models);
    std::vector<std::int64_t> left_out(group);
    matrix_.resize(group * parameters * parameters);
    right_.resize(group * parameters);
    steps_.resize(group * parameters);
    std::vector<LmIteration> done;
    for (std::size_t first = 0; first < models; first += group) {
        const std::size_t count = std::min(group, models - first);
        NormalEquations equations{std::span(matrix_).first(count * parameters * parameters),
                                  std::span(right_).first(count * parameters), std::span(left_out).first(count)};
        backend_.normal_equations({spec, int(count), part(std::span(learned), first, count)}, arithmetic_.solve,
                                  robust_, arithmetic_.network, part(states, first, count),
                                  part(accelerations, first, count), equations);
        add_decay(part(std::span(learned), first, count), equations);
        // first tries together; who fails goes on alone
        std::vector<bool> solved = backend_.damped_steps(equations, std::span(dampings).subspan(first, count),
                                                         std::span(steps_).first(count * parameters));
        for (std::size_t k = 0; k < count; ++k) {
            const std::size_t m = first + k;
            if (failed[m] >= 0) {
                done.push_back({std::numeric_limits<double>::quiet_NaN(), dampings[m], false, 0});
                continue;
            }
            const auto own = part(std::span(learned), m, 1),
                       step = std::span(steps_).subspan(k * parameters, parameters);
            const auto own_states = part(states, m, 1), own_accelerations = part(accelerations, m, 1);
            NormalEquations alone{std::span(matrix_).subspan(k * parameters * parameters, parameters * parameters),
                                  std::span(right_).subspan(k * parameters, parameters),
                                  std::span(left_out).subspan(k, 1)};
            const std::vector<double> before = costs({spec, 1, own}, own_states, own_accelerations);
            LmIteration result{mean_cost(before, before) + penalty(own), dampings[m], false, left_out[k]};
            bool fits = solved[k];
            for (int tries = 1;; ++tries) {
                result.damping = dampings[m];
                std::vector<double> tried(own.begin(), own.end());
                for (std::size_t p = 0; fits && p < parameters; ++p) tried[p] -= step[p];
                const double now =
                    fits ? mean_cost(costs({spec, 1, tried}, own_states, own_accelerations), before) + penalty(tried)
                         : std::numeric_limits<double>::infinity();
                if (now < result.cost) {
                    std::copy(tried.begin(), tried.end(), own.begin());
                    const double gain = (result.cost - now) / predicted_fall(alone, dampings[m], step);
                    result.cost = now;
                    result.accepted = true;
                    dampings[m] = std::max(dampings[m] * damping_factor(gain), least_damping);
                    break;
                }
                dampings[m] = std::min(dampings[m] * rise, most_damping);
                if (tries == most_tries) break;
                fits = backend_.damped_steps(alone, std::span(dampings).subspan(m, 1), step)[0];
            }
            rejections[m] = result.accepted ? 0 : rejections[m] + 1;
            done.push_back(result);
        }
    }
    std::copy(learned.begin(), learned.end(), weights.begin());
    damping = std::move(dampings);
    rejected = std::move(rejections);
    return done;
}

}  // namespace lnn
