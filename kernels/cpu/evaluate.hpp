// Some trajectories of models against the truth on CPU lanes: paths of a stretch of instants at a time, those of the truth
// once for all models, then what they say of each other.
#pragma once

#include <algorithm>
#include <vector>

#include "cpu/lanes.hpp"
#include "score.hpp"

namespace lnn {

inline constexpr std::int64_t path_instants = 64;  // of a stretch: its paths stay in the cache

// trajectories first .. first + count - 1 of the stream; weights (models, parameters); scores_of(m): (count)
template <class T, class ScoresOf>
void score_piece(const LaneKernels<T>& kernels, const Lanes& lanes, const Models& models, const T* weights,
                 const EvaluateJob& job, std::int64_t first, std::int64_t count, void* scratch, ScoresOf&& scores_of) {
    const int n = job.system.dof, d = 2 * n;
    const std::size_t parameters = models.weights.size() / models.count;
    const ButcherTable& table = table_of(job.integration);
    const std::int64_t instants = job.integration.instants, longest = std::min(path_instants, instants);

    std::vector<double> start(d * count), pair(2 * d * count), reached(models.count * d * count),
        truth((longest + 1) * d * 2 * count), learned(models.count * (longest + 1) * d * count);
    std::vector<ScoreState> states(models.count * count);
    std::vector<double> steps(2 * count, job.integration.dt), model_steps(models.count * count, job.integration.dt);
    const auto true_energies = [&](const double* at) {
        std::vector<double> accelerations(n * count), energies(count);
        lanes.systems->accelerate({job.system, count, at, accelerations.data(), energies.data()}, 0, count);
        return energies;
    };

    for (std::int64_t s = 0; s < count; ++s)
        lanes.systems->draw(job.draw, Stream::evaluation, n, first, count, s, start.data());
    const std::vector<double> at_start = true_energies(start.data());
    lanes.systems->start({n, count, start.data(), at_start.data(), pair.data(), states.data()}, models.count);
    for (std::int64_t from = 0; from < instants; from += longest) {
        Integration run = job.integration;
        run.instants = std::min(longest, instants - from);
        lanes.systems->rollout({job.system, run, table, 2 * count, pair.data(), truth.data(), steps.data()}, 0,
                               2 * count);
        for (int m = 0; m < models.count; ++m)
            kernels.rollout({models.spec, job.solve, run, table, count, weights + m * parameters,
                             from == 0 ? start.data() : reached.data() + m * d * count,
                             learned.data() + m * (run.instants + 1) * d * count, model_steps.data() + m * count},
                            job.state == Precision::f64, 0, count, scratch);
        lanes.systems->compare({job, count, from, from + run.instants, truth.data(), learned.data(), states.data(),
                                pair.data(), start.data(), reached.data()},
                               models.count);
    }
    const std::vector<double> at_end = true_energies(start.data());  // the truth has come there
    std::vector<double> model_energies;
    for (int m = 0; m < models.count; ++m) {
        const std::vector<double> own = true_energies(reached.data() + m * d * count);
        model_energies.insert(model_energies.end(), own.begin(), own.end());
    }
    std::vector<TrajectoryScore> scores(models.count * count);
    lanes.systems->finish({job, count, at_end.data(), model_energies.data(), states.data(), scores.data()},
                          models.count);
    for (int m = 0; m < models.count; ++m) std::copy_n(scores.begin() + m * count, count, scores_of(m));
}

}  // namespace lnn
