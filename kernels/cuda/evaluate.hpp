// Some trajectories of models against the truth on a card.
#pragma once

#include <algorithm>

#include "cuda/launchers.hpp"

namespace lnn::cuda {

// instants of a stretch, whose paths are on the card at once
inline std::int64_t stretch_of(const EvaluateJob& job) {
    constexpr std::int64_t most = 16;
    return std::min(most, job.integration.instants);
}

// bytes that a trajectory takes once for all models, and for each of them
inline std::size_t score_sample_bytes(const EvaluateJob& job) {
    return ((2 * (stretch_of(job) + 1) + 4) * 2 * job.system.dof + 2) * sizeof(double);
}
inline std::size_t score_pair_bytes(const EvaluateJob& job) {
    return ((stretch_of(job) + 3) * 2 * job.system.dof + 2) * sizeof(double) + sizeof(ScoreState);
}

// Trajectories first .. first + count - 1 of the stream, of `models` models: the paths of a stretch of instants at a
// time, those of the truth once for all models, then what they say of each other. On the card: weights (models,
// parameters), scores (models, count).
template <class T>
void score(const Card& card, const ModelSpec& spec, const EvaluateJob& job, std::int64_t first, std::int64_t count,
           int models, const T* weights, TrajectoryScore* scores) {
    const int n = job.system.dof;
    const std::int64_t size = 2 * n * count, instants = job.integration.instants, longest = stretch_of(job);
    const ButcherTable& table = table_of(job.integration);
    const DeviceBuffer<double> accelerations(n * count);
    const auto true_energies = [&](const double* states, double* to) {
        accelerate(card, {job.system, count, states, accelerations.get(), to});
    };
    const DeviceBuffer<double> start(size), pair(2 * size), reached(models * size), energies(count),
        model_energies(models * count), truth((longest + 1) * 2 * size), learned(models * (longest + 1) * size);
    const DeviceBuffer<ScoreState> states(models * count);
    draw(card, job.draw, Stream::evaluation, n, first, count, start.get());
    true_energies(start.get(), energies.get());
    start_scores(card, {n, count, start.get(), energies.get(), pair.get(), states.get()}, models);
    for (std::int64_t from = 0; from < instants; from += longest) {
        Integration run = job.integration;
        run.instants = std::min(longest, instants - from);
        rollout(card, {job.system, run, table, 2 * count, pair.get(), truth.get()});
        rollout<T>(card,
                   {spec, job.solve, run, table, count, weights, from == 0 ? start.get() : reached.get(), learned.get(),
                    nullptr, from == 0 ? 0 : size},
                   job.state == Precision::f64, models);
        compare(card,
                {job, count, from, from + run.instants, truth.get(), learned.get(), states.get(), pair.get(),
                 start.get(), reached.get()},
                models);
    }
    true_energies(start.get(), energies.get());  // the truth has come there
    for (int m = 0; m < models; ++m) true_energies(reached.get() + m * size, model_energies.get() + m * count);
    finish(card, {job, count, energies.get(), model_energies.get(), states.get(), scores}, models);
    check(cudaDeviceSynchronize(), "scoring");
}

}  // namespace lnn::cuda
