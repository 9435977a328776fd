// Accelerations, forces, energies and Lagrangians: one sample (one pack of samples) a call. Samples do not touch each other.
#pragma once

#include "jobs.hpp"
#include "lnn/models/list.hpp"
#include "lnn/systems/list.hpp"
#include "samples.hpp"

namespace lnn::inline LNN_ISA {

// a sample's number of row i of rows (n, samples)
template <Real R>
LNN_HD R load_number(const double* rows, int i, std::int64_t sample, std::int64_t samples) {
    return convert<R>(load_row<WithScalar<R, double>>(rows + i * samples, sample, samples));
}

// forces from outside, where the job has any, to f
template <Real R, int N, class Job>
LNN_HD void add_inputs(const Job& job, std::int64_t sample, Terms<R, N>& terms, int n) {
    if (!job.inputs) return;
    for (int i = 0; i < n; ++i) terms.force[i] = terms.force[i] + load_number<R>(job.inputs, i, sample, job.samples);
}

// M a - f of the accelerations that the job gives
template <Real R, int N, class Job>
LNN_HD void store_needed_forces(const Job& job, std::int64_t sample, const Terms<R, N>& terms, int n) {
    R a[most_dof<N>], forces[most_dof<N>];
    for (int i = 0; i < n; ++i) a[i] = load_number<R>(job.given, i, sample, job.samples);
    needed_forces(terms, a, forces, n);
    for (int i = 0; i < n; ++i) store_row(job.accelerations + i * job.samples, sample, job.samples, forces[i]);
}

template <class System, Real R>
LNN_HD void accelerate_system(const SystemAccelerateJob& job, std::int64_t sample) {
    constexpr int N = System::dof, most = most_system_dof<N>;
    const int n = dof_of<N>(job.system.dof);
    R q[most], v[most], a[most];
    for (int i = 0; i < n; ++i) {
        q[i] = load_row<R>(job.states + i * job.samples, sample, job.samples);
        v[i] = load_row<R>(job.states + (n + i) * job.samples, sample, job.samples);
    }
    auto terms = system_terms<System>(job.system, q, v);
    add_inputs(job, sample, terms, n);
    if (job.given) return store_needed_forces(job, sample, terms, n);
    acceleration(terms, exact_solve(), a, n);
    for (int i = 0; i < n; ++i) store_row(job.accelerations + i * job.samples, sample, job.samples, a[i]);
    if (job.energies) store_row(job.energies, sample, job.samples, energy(terms, v, n));
}

// scratch: that of a pass without a tape. An energy or a Lagrangian of a model that has none is NaN.
template <class Model, int N, Real R, class T, class Ptr>
LNN_HD void accelerate_model(const AccelerateJob<T>& job, const NetworkView<T>& net, std::int64_t sample, Ptr scratch) {
    using State = WithScalar<R, double>;
    using Pass = typename Model::template Pass<R, N, Tape::none, T, Ptr>;
    const int n = dof_of<N>(net.dof);
    State x[2 * most_dof<N>];
    for (int i = 0; i < 2 * n; ++i) x[i] = load_row<State>(job.states + i * job.samples, sample, job.samples);
    typename Pass::Inputs inputs;
    typename Pass::Output output;
    Pass(net, scratch).forward(x, x + n, inputs, output, job.energies || job.lagrangians);
    if constexpr (Model::table.lagrangian) {
        add_inputs(job, sample, output, n);
        if (job.given) return store_needed_forces(job, sample, output, n);
    }
    const typename Pass::Answer answer(output, job.solve, n);
    for (int i = 0; i < n; ++i) store_row(job.accelerations + i * job.samples, sample, job.samples, answer.a[i]);
    if (job.energies) store_row(job.energies, sample, job.samples, answer.energy(inputs.v));
    if (job.lagrangians) store_row(job.lagrangians, sample, job.samples, answer.lagrangian());
}

}  // namespace lnn::inline LNN_ISA
