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
    const T* weights;                // (models, parameters)
    const S* states;                 // (2n, samples), the same for each model, or (models, 2n, samples)
    std::int64_t model_states;       // numbers from one model's states to the next: 0 or 2n samples
    T* mass;                         // (models, samples, n, n)
    T* force;                        // (models, samples, n)
    const double* inputs = nullptr;  // (n, samples) forces from outside, which all models share, or null
};

// An M with a number that is not finite becomes 1 and its f NaN: a library may not come to an end with it.
template <class Model, int N, class T, class S, class Grid, class Ptr>
LNN_HD void terms_many(const Grid& grid, const TermsJob<T, S>& job, const MlpShape& shape, int models, Ptr scratch) {
    for_samples(grid, models, job.samples, [&](int m, std::int64_t sample) {
        const int n = dof_of<N>(job.spec.dof);
        const NetworkView<T> net(shape, job.spec, job.weights + std::int64_t(m) * shape.parameters);
        S x[2 * most_dof<N>];
        for (int i = 0; i < 2 * n; ++i) x[i] = job.states[m * job.model_states + i * job.samples + sample];
        using Pass = typename Model::template Pass<T, N, Tape::none, T, Ptr>;
        typename Pass::Inputs inputs;
        Terms<T, N> terms;
        Pass(net, scratch).forward(x, x + n, inputs, terms);
        add_inputs(job, sample, terms, n);
        T poison(0);
        for (int i = 0; i < packed_size(n); ++i) poison = mul_add(terms.mass[i], T(0), poison);
        T* const mass = job.mass + (m * job.samples + sample) * n * n;
        T* const force = job.force + (m * job.samples + sample) * n;
        for (int i = 0; i < n; ++i) {
            for (int j = 0; j < n; ++j) mass[i * n + j] = poison == T(0) ? terms.mass[packed(i, j)] : T(i == j);
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

// the states of a Runge-Kutta step between its stages: x, y (models, 2n, samples), k (models, stages, 2n, samples)
template <class S>
struct StageStates {
    int n;
    S *x, *y, *k;
};

// what follows from the accelerations at y in stage `stage` of a step: the next y; after the last stage the next x and y
template <class T, class S, class Grid>
LNN_HD void stage_many(const Grid& grid, const ButcherTable& table, int models, std::int64_t samples, int stage,
                       double h, const T* accelerations, const StageStates<S>& states) {
    constexpr int D = 2 * max_dof;
    const int n = states.n, d = 2 * n;
    for_samples(grid, models, samples, [&](int m, std::int64_t sample) {
        const auto at = [&](int i) { return (std::int64_t(m) * d + i) * samples + sample; };
        const auto at_stage = [&](int s, int i) {
            return ((std::int64_t(m) * table.stages + s) * d + i) * samples + sample;
        };
        for (int i = 0; i < n; ++i) {
            states.k[at_stage(stage, i)] = states.y[at(n + i)];
            states.k[at_stage(stage, n + i)] = S(accelerations[(m * samples + sample) * n + i]);
        }
        S x[D], y[D], k[most_stages][D];
        for (int i = 0; i < d; ++i) {
            x[i] = states.x[at(i)];
            for (int s = 0; s <= stage; ++s) k[s][i] = states.k[at_stage(s, i)];
        }
        stage_state<D>(
            table, stage + 1, d, k, [h](double divisor) { return S(h / divisor); }, x, y);
        for (int i = 0; i < d; ++i) {
            states.y[at(i)] = y[i];
            if (stage + 1 == table.stages) states.x[at(i)] = y[i];
        }
    });
}

// where all models start: x and y from initial (2n, samples); and what was reached to `out` (models, rows, samples)
template <class S, class Grid>
LNN_HD void start_stages(const Grid& grid, int models, std::int64_t samples, const double* initial,
                         const StageStates<S>& states) {
    for_samples(grid, models, samples, [&](int m, std::int64_t sample) {
        for (int i = 0; i < 2 * states.n; ++i) {
            const std::int64_t at = (m * 2 * states.n + i) * samples + sample;
            states.x[at] = states.y[at] = S(initial[i * samples + sample]);
        }
    });
}
template <class S, class Grid>
LNN_HD void record_stages(const Grid& grid, int models, std::int64_t samples, std::int64_t rows,
                          const StageStates<S>& states, double* out) {
    for_samples(grid, models, samples, [&](int m, std::int64_t sample) {
        for (int i = 0; i < 2 * states.n; ++i)
            out[(m * rows + i) * samples + sample] = double(states.x[(m * 2 * states.n + i) * samples + sample]);
    });
}

}  // namespace lnn::inline LNN_ISA
