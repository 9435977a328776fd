#include "evaluation/protocols.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "evaluation/trajectories.hpp"

namespace lnn {

namespace {

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

}  // namespace

BoxEvaluation evaluate_box(Backend& backend, const Problem& problem, const Network& network, std::int64_t states) {
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
    const std::int64_t bad = std::count_if(errors.begin(), errors.end(), [](double e) { return !std::isfinite(e); });
    return {system.name, states, quantiles(errors), mean(sizes), bad, {}};
}

EnergyEvaluation evaluate_energy(Backend& backend, const Problem& problem, const Network& network,
                                 std::int64_t starts) {
    EvaluateJob job = evaluate_job(problem);
    const SystemInfo& system = problem.coordinates;
    check_system(network, system);
    job.draw = box_draw(system, 2 * std::numbers::pi, 0);
    for (int i = 0; i < system.dof; ++i) job.draw.high[system.dof + i] = 0.1;
    job.draw.seed = problem.seed;
    job.integration = energy_run;
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
    const std::int64_t diverged = std::count_if(scores.begin(), scores.end(), [](const auto& x) { return x.diverged; });
    return {system.name, starts, scale, mean(s), quantile(s, 0.5), s.back(), mean(d), d.back(), diverged, {}};
}

}  // namespace lnn
