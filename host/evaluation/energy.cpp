#include "evaluation/energy.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "evaluation/trajectories.hpp"
#include "statistics/statistics.hpp"

namespace lnn {

// |E| hanging at rest, 29.4 J for the double pendulum of unit masses and lengths
static double energy_at_rest(Backend& backend, const SystemSpec& system) {
    std::vector<double> rest(2 * system.dof, 0.0), accelerations(system.dof), energy(1);
    backend.accelerate(system, rest, accelerations, energy);
    return std::abs(energy[0]);
}

EnergyEvaluation evaluate_energy(Backend& backend, const Problem& problem, const Network& network,
                                 std::int64_t starts) {
    EvaluateJob job = evaluate_job(problem);
    const SystemInfo& system = problem.coordinates;
    check_system(network, system);
    job.draw = pendulum_draw(system, 2 * std::numbers::pi, 0);
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
