// Accelerations, energies and Lagrangians: one sample (one pack of samples) a call. Samples do not touch each other.
#pragma once

#include "jobs.hpp"
#include "lnn/models/list.hpp"
#include "lnn/systems/list.hpp"
#include "samples.hpp"

namespace lnn::inline LNN_ISA {

template <class System, Real R>
LNN_HD void accelerate_system(const SystemAccelerateJob& job, std::int64_t sample) {
    constexpr int N = System::dof, most = most_system_dof<N>;
    const int n = dof_of<N>(job.system.dof);
    R q[most], v[most], a[most];
    for (int i = 0; i < n; ++i) {
        q[i] = load_row<R>(job.states + i * job.samples, sample, job.samples);
        v[i] = load_row<R>(job.states + (n + i) * job.samples, sample, job.samples);
    }
    const auto terms = system_terms<System>(job.system, q, v);
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
    const typename Pass::Answer answer(output, job.solve, n);
    for (int i = 0; i < n; ++i) store_row(job.accelerations + i * job.samples, sample, job.samples, answer.a[i]);
    if (job.energies) store_row(job.energies, sample, job.samples, answer.energy(inputs.v));
    if (job.lagrangians) store_row(job.lagrangians, sample, job.samples, answer.lagrangian());
}

}  // namespace lnn::inline LNN_ISA
