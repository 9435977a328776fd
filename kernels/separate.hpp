// The solve apart from the network: M and f of every sample to memory, what a library makes of them back from it. For
// solvers that are not a few lines in a thread (kernels/cuda/solve.cu), and to check those that are.
#pragma once

#include "many.hpp"

namespace lnn::inline LNN_ISA {

// M and f of networks at states of type S
template <class T, class S>
struct TermsJob {
    ModelSpec spec;
    std::int64_t samples;
    const T* weights;           // (models, parameters)
    const S* states;            // (2n, samples), the same for each model, or (models, 2n, samples)
    std::int64_t model_states;  // numbers from one model's states to the next: 0 or 2n samples
    T* mass;                    // (models, samples, n, n)
    T* force;                   // (models, samples, n)
};

// An M with a number that is not finite becomes 1 and its f NaN: a library may not come to an end with it.
template <class T, int N, class S, class Grid, class Ptr>
LNN_HD void terms_many(const Grid& grid, const TermsJob<T, S>& job, const MlpShape& shape, int models, Ptr scratch) {
    for_samples(grid, models, job.samples, [&](int m, std::int64_t sample) {
        const LnnView<T, N> net(shape, job.spec, job.weights + std::int64_t(m) * shape.parameters);
        S x[2 * N];
        for (int i = 0; i < 2 * N; ++i) x[i] = job.states[m * job.model_states + i * job.samples + sample];
        LnnInputs<T, N> inputs;
        const auto terms = LnnPass<T, N, 0, T, Ptr>(net, scratch).terms(x, x + N, inputs);
        T poison(0);
        for (const T entry : terms.mass) poison = mul_add(entry, T(0), poison);
        T* const mass = job.mass + (m * job.samples + sample) * N * N;
        T* const force = job.force + (m * job.samples + sample) * N;
        for (int i = 0; i < N; ++i) {
            for (int j = 0; j < N; ++j) mass[i * N + j] = poison == T(0) ? terms.mass[packed(i, j)] : T(i == j);
            force[i] = terms.force[i] + poison;
        }
    });
}

// x = M^+ y from the singular value decomposition M = U diag(s) V^T, of each of `count` matrices: s, y, x (count, n),
// U and V (count, n, n) by columns. M^+ as lnn/solve.hpp has it, whatever the vectors of singular values that are
// dropped. NaN where y is, and where `failed` (count) is not 0. x may be y.
template <class T>
struct Decompositions {
    int n;
    std::int64_t count;
    T *s, *u, *v, *along;  // along: (count, n), scratch
    int* failed;
};
template <class T, class Grid>
LNN_HD void apply_decompositions(const Grid& grid, const Decompositions<T>& d, const SolveSpec& solve, const T* y,
                                 T* x) {
    const int n = d.n;
    grid.for_each(d.count, [&](std::int64_t i) {
        const T *const s = d.s + i * n, *const u = d.u + i * n * n, *const v = d.v + i * n * n;
        T* const along = d.along + i * n;
        T largest(0), poison = d.failed[i] == 0 ? T(0) : T(NAN);
        for (int k = 0; k < n; ++k) largest = maximum(s[k], largest);
        for (int r = 0; r < n; ++r) poison = mul_add(y[i * n + r], T(0), poison);
        for (int k = 0; k < n; ++k) {
            const T inverse = inverse_eigenvalue(s[k], largest, solve);
            T sum(0);
            for (int r = 0; r < n; ++r) sum = mul_add(u[k * n + r], y[i * n + r], sum);
            along[k] = inverse == T(0) ? T(0) : sum * inverse;
        }
        for (int r = 0; r < n; ++r) {
            T sum = poison;
            for (int k = 0; k < n; ++k)
                if (along[k] != T(0)) sum = mul_add(v[k * n + r], along[k], sum);
            x[i * n + r] = sum;
        }
    });
}

// accelerations (models, samples, n) to rows (models, n, samples)
template <class T, class Grid>
LNN_HD void accelerations_to_rows(const Grid& grid, int models, std::int64_t samples, int n, const T* from,
                                  double* to) {
    for_samples(grid, models, samples, [&](int m, std::int64_t sample) {
        for (int i = 0; i < n; ++i) to[(m * n + i) * samples + sample] = double(from[(m * samples + sample) * n + i]);
    });
}

// the states of a Runge-Kutta step between its stages: (models, 2n, samples) each
template <class S>
struct StageStates {
    S *x, *y, *sum;
};

// stage `stage` of a step from the accelerations at y
template <int N, class T, class S, class Grid>
LNN_HD void stage_many(const Grid& grid, int models, std::int64_t samples, int stage, double h, const T* accelerations,
                       const StageStates<S>& states) {
    for_samples(grid, models, samples, [&](int m, std::int64_t sample) {
        const auto at = [&](int i) { return (m * 2 * N + i) * samples + sample; };
        S x[2 * N], y[2 * N], sum[2 * N], k[2 * N];
        for (int i = 0; i < 2 * N; ++i) {
            x[i] = states.x[at(i)];
            y[i] = states.y[at(i)];
            sum[i] = states.sum[at(i)];
        }
        for (int i = 0; i < N; ++i) {
            k[i] = y[N + i];
            k[N + i] = S(accelerations[(m * samples + sample) * N + i]);
        }
        rk4_stage<2 * N>(stage, k, h, x, y, sum);
        for (int i = 0; i < 2 * N; ++i) {
            states.x[at(i)] = x[i];
            states.y[at(i)] = y[i];
            states.sum[at(i)] = sum[i];
        }
    });
}

// where all models start: x and y from initial (2n, samples), sum 0; and what was reached to `out` (models, rows,
// samples)
template <int N, class S, class Grid>
LNN_HD void start_stages(const Grid& grid, int models, std::int64_t samples, const double* initial,
                         const StageStates<S>& states) {
    for_samples(grid, models, samples, [&](int m, std::int64_t sample) {
        for (int i = 0; i < 2 * N; ++i) {
            const std::int64_t at = (m * 2 * N + i) * samples + sample;
            states.x[at] = states.y[at] = S(initial[i * samples + sample]);
            states.sum[at] = S(0);
        }
    });
}
template <int N, class S, class Grid>
LNN_HD void record_stages(const Grid& grid, int models, std::int64_t samples, std::int64_t rows,
                          const StageStates<S>& states, double* out) {
    for_samples(grid, models, samples, [&](int m, std::int64_t sample) {
        for (int i = 0; i < 2 * N; ++i)
            out[(m * rows + i) * samples + sample] = double(states.x[(m * 2 * N + i) * samples + sample]);
    });
}

}  // namespace lnn::inline LNN_ISA
