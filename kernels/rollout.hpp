// Trajectories and their scores against the truth: one trajectory (one pack) a call. CUDA threads take RK4 steps only;
// an adaptive step costs them registers, and neighbours of a warp wait for the slowest.
#pragma once

#include "accelerate.hpp"
#include "lnn/dormand_prince.hpp"
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
        acceleration(system_terms<System>(parameters, x, x + dof), exact_solve(), dxdt + dof);
    }
};

// x -> dx/dt of a network computed in R
template <Real S, Real R, int N, class T, class Ptr>
struct ModelField {
    static constexpr int dof = N;
    const LnnView<T, N>& net;
    const SolveSpec& solve;
    Ptr scratch;
    LNN_HD void operator()(const S* x, S* dxdt) const {
        R a[N];
        LnnInputs<R, N> inputs;
        acceleration(LnnPass<R, N, 0, T, Ptr>(net, scratch).terms(x, x + N, inputs), solve, a);
        for (int i = 0; i < N; ++i) {
            dxdt[i] = x[N + i];
            dxdt[N + i] = convert<S>(a[i]);
        }
    }
};

// on to the next recorded instant; `step` is what Dormand and Prince's method remembers, at first run.dt
template <int D, Integrator I, Real S, class Field>
LNN_HD void next_instant(const Field& field, const Integration& run, S* x, S& step) {
    if constexpr (I == Integrator::rk4)
        for (int s = 0; s < run.substeps; ++s) rk4_step<D>(field, x, run.dt / run.substeps);
    else
        dormand_prince<D>(field, x, step, run.dt, run.tolerance);
}

// the trajectory of `sample` from initial (2n, samples) into out (instants + 1, 2n, samples)
template <Real S, Integrator I = Integrator::rk4, class Field>
LNN_HD void rollout(const Field& field, const Integration& run, std::int64_t samples, const double* initial,
                    double* out, std::int64_t sample) {
    constexpr int D = 2 * Field::dof;
    S x[D];
    for (int i = 0; i < D; ++i) x[i] = load_row<S>(initial + i * samples, sample, samples);
    S step(static_cast<ScalarOf<S>>(run.dt));
    for (std::int64_t k = 0;; ++k) {
        for (int i = 0; i < D; ++i) store_row(out + (k * D + i) * samples, sample, samples, x[i]);
        if (k == run.instants) return;
        next_instant<D, I>(field, run, x, step);
    }
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
LNN_HD void draw_column(const Draw& draw, int dof, std::int64_t first, std::int64_t samples, std::int64_t sample,
                        double* states) {
    double x[2 * max_dof];
    draw_state(draw, Stream::states, dof, first + sample, x);
    for (int i = 0; i < 2 * dof; ++i) states[i * samples + sample] = x[i];
}

LNN_HD TrajectorySums sums_of(const TrajectoryScore& score) {
    return {1, score.diverged, score.diverged ? TrajectoryScore{} : score};
}
LNN_HD TrajectorySums operator+(const TrajectorySums& a, const TrajectorySums& b) {
    TrajectorySums s = a;
    s.trajectories += b.trajectories;
    s.diverged += b.diverged;
    for (int i = 0; i < max_dof; ++i) s.sum.mse[i] += b.sum.mse[i];
    s.sum.energy_error += b.sum.energy_error;
    s.sum.energy_drift += b.sum.energy_drift;
    s.sum.valid_time += b.sum.valid_time;
    s.sum.twin_valid_time += b.sum.twin_valid_time;
    s.sum.lyapunov += b.sum.lyapunov;
    return s;
}

// truth and model side by side from the same drawn start, between two instants
template <Real S, int N>
struct ScoreState {
    using Truth = WithScalar<S, double>;
    Truth x[2][2 * N];  // of the truth and of its twin, as all that is compared with them, in float64
    S y[2 * N];         // of the model
    Truth begin, squares[N], valid, twin_valid, apart;  // apart: squared distance of the twin at twin_valid
    // still closer than valid_below, model and twin; never further than diverged_above, always finite
    MaskOf<Truth> within, twin_within, good;
};

template <class System, class Truth>
LNN_HD Truth true_energy(const EvaluateJob& job, const Truth* x) {
    return energy(system_terms<System>(job.system.parameters.data(), x, x + System::dof), x + System::dof);
}

// trajectories first + sample, ... of the stream, one a lane; lanes from `count` on repeat the last
template <class System, Real S>
LNN_HD void start_score(const EvaluateJob& job, std::int64_t first, std::int64_t count, std::int64_t sample,
                        ScoreState<S, System::dof>& score) {
    constexpr int N = System::dof, D = 2 * N, W = width_of<S>;
    using Truth = WithScalar<S, double>;
    double start[D][W];
    for (int w = 0; w < W; ++w) {
        double state[D];
        draw_state(job.draw, Stream::evaluation, N, first + (sample + w < count ? sample + w : count - 1), state);
        for (int i = 0; i < D; ++i) start[i][w] = state[i];
    }
    for (int i = 0; i < D; ++i) {
        score.x[0][i] = score.x[1][i] = load<Truth>(start[i]);
        score.y[i] = load<S>(start[i]);
    }
    score.x[1][0] = score.x[1][0] + Truth(twin_offset);
    for (int i = 0; i < N; ++i) score.squares[i] = Truth(0);
    score.begin = true_energy<System>(job, score.x[0]);
    score.valid = score.twin_valid = Truth(0);
    score.apart = Truth(twin_offset * twin_offset);
    score.within = score.twin_within = score.good = Truth(0) == Truth(0);
}

// instants from + 1 .. to
template <class System, Integrator I = Integrator::rk4, Real S, class Field>
LNN_HD void advance_score(const Field& model, const EvaluateJob& job, std::int64_t from, std::int64_t to,
                          ScoreState<S, System::dof>& score) {
    constexpr int N = System::dof, D = 2 * N;
    using Truth = WithScalar<S, double>;
    const SystemField<System, Truth> truth{job.system.parameters.data()};
    const Integration& run = job.integration;
    Truth steps[2] = {Truth(run.dt), Truth(run.dt)};
    S step(static_cast<ScalarOf<S>>(run.dt));
    for (std::int64_t k = from + 1; k <= to; ++k) {
        LNN_ROLLED
        for (int i = 0; i < 2; ++i) next_instant<D, I>(truth, run, score.x[i], steps[i]);
        next_instant<D, I>(model, run, score.y, step);
        Truth apart(0);
        for (int i = 0; i < D; ++i) {
            const Truth off = score.x[1][i] - score.x[0][i];
            apart = mul_add(off, off, apart);
            if (i < N) score.twin_within = score.twin_within & (absolute(off) < Truth(job.valid_below));
        }
        for (int i = 0; i < N; ++i) {
            const Truth e = convert<Truth>(score.y[i]) - score.x[0][i];
            score.squares[i] = mul_add(e, e, score.squares[i]);
            score.within = score.within & (absolute(e) < Truth(job.valid_below));
            score.good = score.good & (absolute(e) <= Truth(job.diverged_above));
        }
        const Truth t(double(k) * run.dt);
        score.valid = select(score.within, t, score.valid);
        score.twin_valid = select(score.twin_within, t, score.twin_valid);
        score.apart = select(score.twin_within, apart, score.apart);
    }
}

// scores of the lanes that are within `count`
template <class System, Real S>
LNN_HD void finish_score(const EvaluateJob& job, const ScoreState<S, System::dof>& score, std::int64_t count,
                         std::int64_t sample, TrajectoryScore* scores) {
    constexpr int N = System::dof, W = width_of<S>;
    using Truth = WithScalar<S, double>;
    Truth reached[2 * N];
    for (int i = 0; i < 2 * N; ++i) reached[i] = convert<Truth>(score.y[i]);
    const Truth last = true_energy<System>(job, score.x[0]), error = absolute(true_energy<System>(job, reached) - last),
                drift = absolute(last - score.begin),
                growth = Truth(0.5) * logarithm(score.apart * Truth(1 / (twin_offset * twin_offset)));
    for (int w = 0; w < W && sample + w < count; ++w) {
        TrajectoryScore& out = scores[sample + w];
        out = {};
        for (int i = 0; i < N; ++i) out.mse[i] = lane(score.squares[i], w) / double(job.integration.instants);
        out.energy_error = lane(error, w);
        out.energy_drift = lane(drift, w);
        out.valid_time = lane(score.valid, w);
        out.twin_valid_time = lane(score.twin_valid, w);
        if (out.twin_valid_time > 0) out.lyapunov = lane(growth, w) / out.twin_valid_time;
        out.diverged = !lane(score.good, w);
    }
}

}  // namespace lnn::inline LNN_ISA
