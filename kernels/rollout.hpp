// Trajectories by RK4, and their scores against the truth: one trajectory (one pack) a call.
#pragma once

#include "accelerate.hpp"
#include "lnn/random.hpp"
#include "lnn/rk4.hpp"

namespace lnn::inline LNN_ISA {

// x -> dx/dt of the truth, on states S
template <class System, Real S>
struct SystemField {
    static constexpr int dof = System::dof;
    const double* parameters;
    LNN_HD void operator()(const S* x, S* dxdt) const {
        for (int i = 0; i < dof; ++i) dxdt[i] = x[dof + i];
        acceleration(system_terms<System>(parameters, x, x + dof), 0.0, dxdt + dof);
    }
};

// x -> dx/dt of a network computed in R
template <Real S, Real R, int N, class T, class Ptr>
struct ModelField {
    static constexpr int dof = N;
    const LnnView<T, N>& net;
    double rcond;
    Ptr scratch;
    LNN_HD void operator()(const S* x, S* dxdt) const {
        R a[N];
        acceleration(LnnPass<R, N, 0, T, Ptr>(net, scratch).terms(x, x + N), rcond, a);
        for (int i = 0; i < N; ++i) {
            dxdt[i] = x[N + i];
            dxdt[N + i] = convert<S>(a[i]);
        }
    }
};

// the trajectory of `sample` from initial (2n, samples) into out (instants + 1, 2n, samples)
template <Real S, class Field>
LNN_HD void rollout(const Field& field, const Integration& run, std::int64_t samples, const double* initial, double* out,
                    std::int64_t sample) {
    constexpr int D = 2 * Field::dof;
    S x[D];
    for (int i = 0; i < D; ++i) x[i] = load_row<S>(initial + i * samples, sample, samples);
    for (std::int64_t k = 0;; ++k) {
        for (int i = 0; i < D; ++i) store_row(out + (k * D + i) * samples, sample, samples, x[i]);
        if (k == run.instants) return;
        for (int s = 0; s < run.substeps; ++s) rk4_step<D>(field, x, run.dt / run.substeps);
    }
}

// state `index` of a stream, row by row
LNN_HD void draw_state(const Draw& draw, Stream stream, int dof, std::int64_t index, double* x) {
    for (int i = 0; i < 2 * dof; ++i)
        x[i] = draw.low[i] + (draw.high[i] - draw.low[i]) * uniform(draw.seed, stream, std::uint64_t(index), i);
}

// truth and model side by side from the same drawn start; scores of the lanes that are within `count`
template <class System, Real S, class Field>
LNN_HD void score(const Field& model, const EvaluateJob& job, std::int64_t first, std::int64_t count,
                  std::int64_t sample, TrajectoryScore* scores) {
    constexpr int N = System::dof, D = 2 * N, W = width_of<S>;
    const SystemField<System, S> truth{job.system.parameters.data()};
    double start[D][W];
    for (int w = 0; w < W; ++w) {
        double state[D];
        draw_state(job.draw, Stream::evaluation, N, first + (sample + w < count ? sample + w : count - 1), state);
        for (int i = 0; i < D; ++i) start[i][w] = state[i];
    }
    S x[D], y[D], squares[N], valid(0);
    for (int i = 0; i < D; ++i) x[i] = y[i] = load<S>(start[i]);
    for (int i = 0; i < N; ++i) squares[i] = S(0);
    auto within = S(0) == S(0);  // still closer than valid_below
    auto good = within;          // never further than diverged_above, always finite

    const Integration& run = job.integration;
    const double h = run.dt / run.substeps;
    for (std::int64_t k = 1; k <= run.instants; ++k) {
        for (int s = 0; s < run.substeps; ++s) {
            rk4_step<D>(truth, x, h);
            rk4_step<D>(model, y, h);
        }
        for (int i = 0; i < N; ++i) {
            const S e = y[i] - x[i];
            squares[i] = mul_add(e, e, squares[i]);
            within = within & (absolute(e) < S(ScalarOf<S>(job.valid_below)));
            good = good & (absolute(e) <= S(ScalarOf<S>(job.diverged_above)));
        }
        valid = select(within, S(ScalarOf<S>(double(k) * run.dt)), valid);
    }
    const S last = energy(system_terms<System>(job.system.parameters.data(), x, x + N), x + N);
    const S reached = energy(system_terms<System>(job.system.parameters.data(), y, y + N), y + N);
    S initial[D];
    for (int i = 0; i < D; ++i) initial[i] = load<S>(start[i]);
    const S begin = energy(system_terms<System>(job.system.parameters.data(), initial, initial + N), initial + N);
    for (int w = 0; w < W && sample + w < count; ++w) {
        TrajectoryScore& out = scores[sample + w];
        for (int i = 0; i < N; ++i) out.mse[i] = double(lane(squares[i], w)) / double(run.instants);
        out.energy_drift = lane(absolute(last - begin), w);
        out.energy_error = lane(absolute(reached - last), w);
        out.valid_time = lane(valid, w);
        out.diverged = !lane(good, w);
    }
}

}  // namespace lnn::inline LNN_ISA
