// Least squares on CPU lanes: the memory and the threads of normal equations and of damped steps. Many
// models: each by one thread. Fewer models than threads: one after the other, by all threads together.
#pragma once

#include <memory>
#include <numeric>

#include "cpu/lanes.hpp"
#include "cpu/parallel.hpp"
#include "cpu/scratch.hpp"
#include "shapes.hpp"

namespace lnn {

// a model's work is in parts enough for all threads, and its memory is large
inline Teams one_model_at_a_time(int threads, int models) {
    return models >= threads ? Teams{threads, 1} : Teams{1, threads};
}

template <class T>
void normal_equations_of_models(const EquationLanes<T>& kernels, const Threads& threads, const Models& models,
                                const SolveSpec& solve, const RobustSpec& robust, std::span<const double> states,
                                std::span<const double> targets, NormalEquations& out) {
    const std::size_t parameters = require_equations(models, solve, states, targets, out), n = models.spec.dof;
    const std::size_t samples = states.size() / (models.count * 2 * n);
    const auto weights = narrowed<T>(models.weights);
    Crew crew(threads);
    const Teams all = one_model_at_a_time(crew.size(), models.count);
    const auto rows = pieces_of_memory(all.count, kernels.rows_bytes(models.spec));
    const auto scratch = pieces_of_memory(crew.size(), kernels.scratch_bytes(models.spec));
    std::vector<std::int64_t> left_out(models.count * all.size);
    in_teams(crew, all, models.count, [&](int m, int number, const Team& team) {
        const EquationsJob<T> job{models.spec,
                                  solve,
                                  robust,
                                  std::int64_t(samples),
                                  weights.data() + m * parameters,
                                  states.data() + m * 2 * n * samples,
                                  targets.data() + m * n * samples,
                                  static_cast<T*>(rows[number]->get()),
                                  out.matrix.data() + m * parameters * parameters,
                                  out.right.data() + m * parameters,
                                  left_out.data() + m * all.size};
        kernels.normal_equations(job, team, scratch[number * all.size + team.index]->get());
    });
    for (int m = 0; m < models.count; ++m)
        out.left_out[m] = std::accumulate(&left_out[m * all.size], &left_out[m * all.size] + all.size, std::int64_t(0));
}

inline std::vector<bool> damped_steps_of_models(const CholeskyLanes& kernels, const Threads& threads,
                                                KeptMemory& memory_of_factors, const NormalEquations& equations,
                                                std::span<const double> damping, std::span<double> steps) {
    const std::size_t parameters = require_steps(equations, damping, steps);
    const int models = int(damping.size());
    Crew crew(threads);
    const Teams all = one_model_at_a_time(crew.size(), models);
    const auto& factor = memory_of_factors.pieces(all.count, kernels.bytes(int(parameters), all.size));
    const auto solved = std::make_unique<bool[]>(models);
    in_teams(crew, all, models, [&](int m, int number, const Team& team) {
        const StepJob job{int(parameters),
                          damping[m],
                          equations.matrix.data() + m * parameters * parameters,
                          equations.right.data() + m * parameters,
                          static_cast<double*>(factor[number]->get()),
                          steps.data() + m * parameters,
                          &solved[m]};
        kernels.damped_step(job, team);
    });
    return std::vector<bool>(solved.get(), solved.get() + models);
}

}  // namespace lnn
