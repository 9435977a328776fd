// Trajectories: one (one pack) a call. CUDA threads take steps of one length only; adaptive ones differ within a warp, whose
// threads wait for the slowest.
#pragma once

#include "accelerate.hpp"
#include "lnn/random.hpp"
#include "lnn/runge_kutta.hpp"

namespace lnn::inline LNN_ISA {

// x -> dx/dt of the truth, on states S
template <class System, Real S>
struct SystemField {
    static constexpr int most = 2 * most_system_dof<System::dof>;
    const SystemSpec& spec;
    LNN_HD int size() const { return 2 * dof_of<System::dof>(spec.dof); }
    LNN_HD void operator()(const S* x, S* dxdt) const {
        const int n = dof_of<System::dof>(spec.dof);
        for (int i = 0; i < n; ++i) dxdt[i] = x[n + i];
        acceleration(system_terms<System>(spec, x, x + n), exact_solve(), dxdt + n, n);
    }
};

// x -> dx/dt of a model computed in R
template <class Model, int N, Real S, Real R, class T, class Ptr>
struct ModelField {
    using Pass = typename Model::template Pass<R, N, Tape::none, T, Ptr>;
    static constexpr int most = 2 * most_dof<N>;
    const NetworkView<T>& net;
    const SolveSpec& solve;
    Ptr scratch;
    LNN_HD int size() const { return 2 * dof_of<N>(net.dof); }
    LNN_HD void operator()(const S* x, S* dxdt) const {
        const int n = dof_of<N>(net.dof);
        typename Pass::Inputs inputs;
        typename Pass::Output output;
        Pass(net, scratch).forward(x, x + n, inputs, output);
        const typename Pass::Answer answer(output, solve, n);
        for (int i = 0; i < n; ++i) {
            dxdt[i] = x[n + i];
            dxdt[n + i] = convert<S>(answer.a[i]);
        }
    }
};

// on to the next recorded instant; `step` is what an adaptive method remembers, at first run.dt
template <bool adaptive, Real S, class Field>
LNN_HD void next_instant(const ButcherTable& table, const Field& field, const Integration& run, S* x, S& step) {
    constexpr int D = Field::most;
    if constexpr (adaptive)
        runge_kutta_adaptive<D>(table, field, field.size(), x, step, run.dt, run.tolerance);
    else
        for (int s = 0; s < run.substeps; ++s)
            runge_kutta_step<D>(table, field, field.size(), x, run.dt / run.substeps);
}

// The trajectory of `sample` from initial (2n, samples) into out (instants + 1, 2n, samples). steps: (samples) what an
// adaptive method remembers from one stretch of a trajectory to the next, or null.
template <Real S, bool adaptive = false, class Field>
LNN_HD void rollout(const ButcherTable& table, const Field& field, const Integration& run, std::int64_t samples,
                    const double* initial, double* out, double* steps, std::int64_t sample) {
    const int d = field.size();
    S x[Field::most];
    for (int i = 0; i < d; ++i) x[i] = load_row<S>(initial + i * samples, sample, samples);
    S step(static_cast<ScalarOf<S>>(run.dt));
    if constexpr (adaptive)
        if (steps) step = load_row<S>(steps, sample, samples);
    for (std::int64_t k = 0;; ++k) {
        for (int i = 0; i < d; ++i) store_row(out + (k * d + i) * samples, sample, samples, x[i]);
        if (k == run.instants) break;
        next_instant<adaptive>(table, field, run, x, step);
    }
    if constexpr (adaptive)
        if (steps) store_row(steps, sample, samples, step);
}

// state `index` of a stream, row by row
LNN_HD void draw_state(const Draw& draw, Stream stream, int dof, std::int64_t index, double* x) {
    for (int i = 0; i < 2 * dof; ++i) {
        const double share = draw.distribution == Distribution::normal
                                 ? 0.5 + 0.5 * normal(draw.seed, stream, std::uint64_t(index), i)
                                 : uniform(draw.seed, stream, std::uint64_t(index), i);
        x[i] = draw.low[i] + (draw.high[i] - draw.low[i]) * share;
    }
}

// the same into column `sample` of states (2n, samples)
LNN_HD void draw_column(const Draw& draw, Stream stream, int dof, std::int64_t first, std::int64_t samples,
                        std::int64_t sample, double* states) {
    double x[2 * max_dof];
    draw_state(draw, stream, dof, first + sample, x);
    for (int i = 0; i < 2 * dof; ++i) states[i * samples + sample] = x[i];
}

}  // namespace lnn::inline LNN_ISA
