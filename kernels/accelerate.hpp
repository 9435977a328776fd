// Accelerations, energies and Lagrangians: one sample (one pack of samples) a call. Samples do not touch each other.
#pragma once

#include "jobs.hpp"
#include "lnn/models/lnn.hpp"
#include "lnn/systems/list.hpp"
#include "samples.hpp"

namespace lnn::inline LNN_ISA {

// a = M^+ f
template <Real R, int N>
LNN_HD void acceleration(const Terms<R, N>& terms, const SolveSpec& solve, R* a) {
    SymmetricSolve<R, N>(terms.mass, solve).apply(terms.force, a);
}
// of a true system, whose M has full rank
LNN_HD SolveSpec exact_solve() { return {.rcond = 0.0}; }

template <class System, Real R>
LNN_HD void accelerate_system(const SystemAccelerateJob& job, std::int64_t sample) {
    constexpr int N = System::dof;
    R q[N], v[N], a[N];
    for (int i = 0; i < N; ++i) {
        q[i] = load_row<R>(job.states + i * job.samples, sample, job.samples);
        v[i] = load_row<R>(job.states + (N + i) * job.samples, sample, job.samples);
    }
    const auto terms = system_terms<System>(job.system.parameters.data(), q, v);
    acceleration(terms, exact_solve(), a);
    for (int i = 0; i < N; ++i) store_row(job.accelerations + i * job.samples, sample, job.samples, a[i]);
    if (job.energies) store_row(job.energies, sample, job.samples, energy(terms, v));
}

// scratch: lnn_scratch<N, 0> Reals
template <Real R, int N, class T, class Ptr>
LNN_HD void accelerate_model(const AccelerateJob<T>& job, const LnnView<T, N>& net, std::int64_t sample, Ptr scratch) {
    using State = WithScalar<R, double>;
    State q[N], v[N];
    R a[N], speed[N];
    for (int i = 0; i < N; ++i) {
        q[i] = load_row<State>(job.states + i * job.samples, sample, job.samples);
        v[i] = load_row<State>(job.states + (N + i) * job.samples, sample, job.samples);
        speed[i] = convert<R>(v[i]);
    }
    LnnInputs<R, N> inputs;
    const auto terms = LnnPass<R, N, 0, T, Ptr>(net, scratch).terms(q, v, inputs, job.energies || job.lagrangians);
    acceleration(terms, job.solve, a);
    for (int i = 0; i < N; ++i) store_row(job.accelerations + i * job.samples, sample, job.samples, a[i]);
    if (job.energies) store_row(job.energies, sample, job.samples, energy(terms, speed));
    if (job.lagrangians) store_row(job.lagrangians, sample, job.samples, terms.value);
}

}  // namespace lnn::inline LNN_ISA
