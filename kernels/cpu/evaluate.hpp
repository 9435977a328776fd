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

    // (d, 2 count): the truth, then its twin; (models, d, count)
    std::vector<double> start(d * count), truth((longest + 1) * d * 2 * count),
        learned(models.count * (longest + 1) * d * count), begin(2 * d * count), model_begin(models.count * d * count);
    for (std::int64_t s = 0; s < count; ++s)
        lanes.systems->draw(job.draw, Stream::evaluation, n, first, count, s, start.data());
    for (int i = 0; i < d; ++i)
        for (int twin = 0; twin < 2; ++twin)
            for (std::int64_t s = 0; s < count; ++s)
                begin[(2 * i + twin) * count + s] = start[i * count + s] + (twin && i == 0 ? twin_offset : 0);
    for (int m = 0; m < models.count; ++m) std::copy(start.begin(), start.end(), model_begin.begin() + m * d * count);

    const auto true_energies = [&](const double* states) {
        std::vector<double> accelerations(n * count), energies(count);
        lanes.systems->accelerate({job.system, count, states, accelerations.data(), energies.data()}, 0, count);
        return energies;
    };
    const std::vector<double> at_start = true_energies(start.data());
    std::vector<ScoreState> states(models.count * count);
    for (std::size_t i = 0; i < states.size(); ++i) states[i] = start_score(at_start[i % count]);
    std::vector<double> steps(2 * count, job.integration.dt), model_steps(models.count * count, job.integration.dt);

    for (std::int64_t from = 0; from < instants; from += longest) {
        Integration part = job.integration;
        part.instants = std::min(longest, instants - from);
        lanes.systems->rollout({job.system, part, table, 2 * count, begin.data(), truth.data(), steps.data()}, 0,
                               2 * count);
        std::copy_n(truth.begin() + part.instants * d * 2 * count, begin.size(), begin.begin());
        for (int m = 0; m < models.count; ++m) {
            double* const path = learned.data() + m * (longest + 1) * d * count;
            double* const own = model_begin.data() + m * d * count;
            kernels.rollout({models.spec, job.solve, part, table, count, weights + m * parameters, own, path,
                             model_steps.data() + m * count},
                            job.state == Precision::f64, 0, count, scratch);
            std::copy_n(path + part.instants * d * count, d * count, own);
            lanes.systems->compare(
                {job, count, from, from + part.instants, truth.data(), path, states.data() + m * count});
        }
    }

    // where they have come to; the truth is the first half of each row
    for (int i = 0; i < d; ++i) std::copy_n(begin.begin() + 2 * i * count, count, start.begin() + i * count);
    const std::vector<double> at_end = true_energies(start.data());
    for (int m = 0; m < models.count; ++m) {
        const std::vector<double> reached = true_energies(model_begin.data() + m * d * count);
        lanes.systems->finish({job, count, at_end.data(), reached.data(), states.data() + m * count, scores_of(m)});
    }
}

}  // namespace lnn
