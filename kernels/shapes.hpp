// Whether what crosses the door fits together: each check throws Exit::internal, naming the array and its
// shape. The same for every backend.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>

#include "lnn/backend.hpp"
#include "lnn/models/list.hpp"
#include "lnn/runge_kutta.hpp"
#include "lnn/systems/list.hpp"

namespace lnn {

inline void require(bool shapes_fit, const char* what) {
    if (!shapes_fit) throw Error(Exit::internal, std::string("shapes do not fit: ") + what);
}

inline void require_optional(std::span<const double> x, std::size_t size, const char* what) {
    require(x.empty() || x.size() == size, what);
}

// the solve, where the door offers one alone
inline void require_fused(const SolveSpec& solve) {
    if (solve.pinv != Pinv::fused)
        throw Error(Exit::backend,
                    "solve.pinv = \"cusolver\" is for accelerations and roll-outs on a CUDA device; use solve.pinv = "
                    "\"fused\"");
}

// a model whose solve is asked for has a mass matrix
inline void require_mass_matrix(const ModelSpec& spec, const SolveSpec& solve) {
    if (solve.pinv != Pinv::fused && !model_table(spec).lagrangian)
        throw Error(Exit::backend, std::string("solve.pinv = \"cusolver\": the model ") + model_table(spec).name +
                                       " has no mass matrix; use solve.pinv = \"fused\"");
}

// the integrator, where steps cannot adapt
inline void require_fixed_steps(const Integration& run) {
    if (integrators[run.integrator].table.adaptive())
        throw Error(Exit::backend, std::string("eval.integrator = \"") + integrators[run.integrator].name +
                                       "\" is not on the card; use --backend cpu, or \"rk4\"");
}

// a program that reads and writes no memory but its own
inline void require_program(const SystemSpec& system) {
    const Program& p = system.program;
    require(system.dof >= 1 && system.dof <= max_system_dof, "a program of 1 to 8 degrees of freedom");
    require(p.size >= 1 && p.size <= max_instructions && p.result >= 0 && p.result < max_registers,
            "a program for a system of text");
    for (int i = 0; i < p.size; ++i) {
        const Instruction& step = p.code[i];
        const int a = step.op == Op::variable ? 2 * system.dof : max_registers,
                  b = takes_constant(step.op) ? max_constants : max_registers;
        require(step.op <= Op::abs && step.to < max_registers && step.a < a && step.b < b, "instructions of a program");
        require(step.op == Op::variable || (step.to != step.a && (!takes_two(step.op) || step.to != step.b)),
                "instructions of a program that write no register they read");
    }
}

inline void require_system(const SystemSpec& system) {
    if (system.kind == text_system) return require_program(system);
    int dof = 0;
    Systems::visit(system.kind, [&]<class System>() { dof = System::dof; });
    require(dof > 0 && system.dof == dof, "a system of the list, with its degrees of freedom");
}

// the widest hidden layer there may be: with it an int counts the parameters and the scratch of any network
inline constexpr int max_width = 16384;

// parameters of one network
inline std::size_t require_spec(const ModelSpec& spec) {
    require(spec.kind >= 0 && spec.kind < ModelKinds::count, "a model of the list");
    require(spec.dof >= 1 && spec.dof <= max_dof, "1 to 32 degrees of freedom");
    require(model_table(spec).lagrangian || (!spec.damping && spec.mass_prior == 0),
            "damping and prior of a Lagrangian");
    require(spec.depth >= 0 && spec.depth <= max_depth, "at most 8 hidden layers");
    for (int l = 0; l < spec.depth; ++l)
        require(spec.hidden[l] >= 1 && spec.hidden[l] <= max_width, "hidden layers of 1 to 16384 units");
    return std::size_t(model_shape(spec).parameters);
}

inline std::size_t require_models(const Models& models) {
    const std::size_t parameters = require_spec(models.spec);
    require(models.count >= 1 && models.weights.size() == parameters * models.count, "weights (models, parameters)");
    return parameters;
}

// samples in states (2n, samples)
inline std::int64_t require_states(std::span<const double> states, int dof) {
    require(states.size() % (2 * dof) == 0, "states (2n, samples)");
    return std::int64_t(states.size()) / (2 * dof);
}

inline std::int64_t require_accelerations(const SystemSpec& system, std::span<const double> states,
                                          std::span<const double> accelerations, std::span<const double> energies) {
    require_system(system);
    const std::int64_t samples = require_states(states, system.dof);
    require(accelerations.size() == std::size_t(samples) * system.dof, "accelerations (n, samples)");
    require_optional(energies, samples, "energies (samples)");
    return samples;
}

// null where there is nothing
template <class T>
T* data_of(std::span<T> x) {
    return x.empty() ? nullptr : x.data();
}

// forces from outside
inline void require_inputs(std::span<const double> inputs, int dof, std::int64_t samples) {
    require_optional(inputs, samples * dof, "inputs (n, samples)");
}
inline void require_inputs(const Models& models, std::span<const double> inputs, std::int64_t samples) {
    require_inputs(inputs, models.spec.dof, samples);
    require(inputs.empty() || model_table(models.spec).lagrangian, "inputs of a model with a mass matrix");
}

// accelerations whose forces are wanted
inline void require_given(std::span<const double> accelerations, int dof, std::int64_t samples) {
    require(accelerations.size() == std::size_t(samples) * dof, "accelerations (n, samples)");
}
inline void require_given(const Models& models, std::span<const double> accelerations, std::span<const double> states) {
    require_given(accelerations, models.spec.dof, require_states(states, models.spec.dof));
    require(model_table(models.spec).lagrangian, "forces of a model with a mass matrix");
}

// models that fit (require_models)
inline std::int64_t require_accelerations(const Models& models, std::span<const double> states,
                                          std::span<const double> accelerations, std::span<const double> energies,
                                          std::span<const double> lagrangians) {
    const std::int64_t samples = require_states(states, models.spec.dof);
    require(accelerations.size() == std::size_t(samples) * models.spec.dof * models.count,
            "accelerations (models, n, samples)");
    require_optional(energies, samples * models.count, "energies (models, samples)");
    require_optional(lagrangians, samples * models.count, "lagrangians (models, samples)");
    return samples;
}

inline void require_draw(int dof, std::int64_t count, std::span<const double> states) {
    require(dof >= 1 && dof <= max_dof && states.size() == std::size_t(2 * dof * count), "states (2n, count)");
}

inline void require_integration(const Integration& run) {
    require(run.instants >= 0 && run.substeps >= 1, "instants >= 0, substeps >= 1");
    require(run.integrator >= 0 && run.integrator < int(std::size(integrators)), "an integrator of the list");
}

inline void require_trajectories(const Integration& run, std::span<const double> initial, std::size_t models,
                                 std::span<const double> out) {
    require_integration(run);
    require(out.size() == models * (run.instants + 1) * initial.size(),
            "trajectories (models, instants + 1, 2n, samples)");
}

inline std::size_t require_gradient(const Models& models, const SolveSpec& solve, std::span<const double> states,
                                    std::span<const double> targets, std::span<const double> losses,
                                    std::span<const double> gradient) {
    require_fused(solve);
    const std::size_t parameters = require_models(models);
    const std::int64_t samples = require_states(states, models.spec.dof);
    require(targets.size() == std::size_t(samples) * models.spec.dof, "targets (n, samples)");
    require(gradient.size() == models.weights.size() && losses.size() == std::size_t(models.count),
            "losses (models), gradient (models, parameters)");
    require(samples > 0 && samples <= INT32_MAX, "1 to 2^31 - 1 samples");
    return parameters;
}

inline std::size_t require_equations(const Models& models, const SolveSpec& solve, std::span<const double> states,
                                     std::span<const double> targets, const NormalEquations& out) {
    require_fused(solve);
    const std::size_t parameters = require_models(models), count = models.count, n = models.spec.dof;
    require(!states.empty() && states.size() % (count * 2 * n) == 0, "states (models, 2n, samples)");
    require(targets.size() * 2 == states.size(), "targets (models, n, samples)");
    require(out.matrix.size() == count * parameters * parameters && out.right.size() == count * parameters &&
                out.left_out.size() == count,
            "matrix (models, parameters, parameters), right (models, parameters), left_out (models)");
    return parameters;
}

// parameters of one model
inline std::size_t require_steps(const NormalEquations& equations, std::span<const double> damping,
                                 std::span<const double> steps) {
    const std::size_t models = damping.size(), parameters = models ? equations.right.size() / models : 0;
    require((models == 0 || parameters > 0) && equations.right.size() == models * parameters &&
                equations.matrix.size() == models * parameters * parameters && steps.size() == models * parameters,
            "damping (models), matrix (models, parameters, parameters), right and steps (models, parameters)");
    return parameters;
}

inline void require_evaluation(const Models& models, const EvaluateJob& job, std::span<const TrajectoryScore> scores) {
    require_models(models);
    require_fused(job.solve);
    require_system(job.system);
    require(job.system.dof == models.spec.dof, "system and model have the same degrees of freedom");
    require_integration(job.integration);
    require(job.integration.instants >= 1, "instants >= 1");
    require(scores.size() % models.count == 0, "scores (models, trajectories)");
}

inline void require_sums(const Models& models, const EvaluateJob& job, std::int64_t count,
                         std::span<const TrajectorySums> sums) {
    require_evaluation(models, job, {});
    require(count >= 0 && sums.size() == std::size_t(models.count), "sums (models)");
}

inline void require_training(const TrainJob& job, const TrainData& data, const TrainState& state, std::int64_t steps) {
    require_fused(job.solve);
    require(job.models >= 1 && job.batch >= 1 && steps >= 0, "models >= 1, batch >= 1, steps >= 0");
    const std::size_t models = job.models, n = job.spec.dof, all = models * require_spec(job.spec);
    require(state.weights.size() == all && state.first.size() == all && state.second.size() == all,
            "weights, first, second (models, parameters)");
    require_optional(state.average, all, "average (models, parameters)");
    require(state.applied.size() == models && state.failed.size() == models && job.adam.size() == models,
            "applied, failed, adam (models)");
    require(data.states.size() == models * 2 * n * data.samples, "states (models, 2n, samples)");
    require(data.targets.size() == models * n * data.samples, "targets (models, n, samples)");
    require(data.order.empty() ? data.samples >= steps * job.batch : data.order.size() == models * steps * job.batch,
            "order (models, steps, batch)");
    for (const std::int32_t i : data.order) require(i >= 0 && i < data.samples, "order within the samples");
}

}  // namespace lnn
