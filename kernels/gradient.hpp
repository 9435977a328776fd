// One sample (one pack) of a batch: its loss and the factors of its gradient.
#pragma once

#include "accelerate.hpp"
#include "lnn/loss.hpp"

namespace lnn::inline LNN_ISA {

template <Real R>
struct SampleResult {
    R loss;
    R condition;          // of M
    MaskOf<R> truncated;  // M is rank-deficient or below the floor here: the factors are zero, and a pass with
                          // truncated_pairs has to follow
};

// From the terms of a sample to the directions of its gradient.
// active: lanes that hold a sample; the others get a zero gradient. share = 1 / samples
template <Real R, int N>
LNN_HD SampleResult<R> directions(const Terms<R, N>& terms, const SolveSpec& spec, const LossSpec& loss_spec,
                                  const R* target, MaskOf<R> active, R share, Directions<R, N, 1>& along) {
    const SymmetricSolve<R, N> solve(terms.mass, spec);
    R r[N];
    solve.apply(terms.force, along.b[0]);
    const R loss = sample_loss<R, N>(loss_spec, along.b[0], target, share, r);
    const MaskOf<R> regular = active & !solve.truncated;
    for (int i = 0; i < N; ++i) r[i] = select(regular, r[i], R(0));
    solve.apply(r, along.lambda);
    for (int i = 0; i < N; ++i) along.a[0][i] = along.lambda[i];
    return {select(active, loss, R(0)), solve.condition, MaskOf<R>(active & solve.truncated)};
}

// The same for a sample whose M is rank-deficient or below the floor. With r_j, f_j the components of r and f along the
// eigenvectors e_j of M, phi what the solve makes of its eigenvalues, and lambda = phi(M) r, the bracket is
//   DL[(lambda, 0)] - D2L[(0, lambda), (v, 0)] + sum_j D2L[(0, r_j e_j), (0, sum_k phi[j, k] f_k e_k)]
// with divided differences phi[j, k] (Daleckii and Krein; Higham, Functions of Matrices, 3.2).
template <int N>
inline constexpr int truncated_pairs = N + 1;

template <Real R, int N>
LNN_HD void directions(const Terms<R, N>& terms, const SolveSpec& spec, const LossSpec& loss_spec, const R* target,
                       R share, Directions<R, N, truncated_pairs<N>>& along) {
    const SymmetricSolve<R, N> solve(terms.mass, spec);
    R a[N], r[N];
    solve.apply(terms.force, a);
    sample_loss<R, N>(loss_spec, a, target, share, r);
    solve.apply(r, along.lambda);
    for (int i = 0; i < N; ++i) {
        along.a[0][i] = along.lambda[i];
        along.b[0][i] = R(0);
    }
    for (int j = 0; j < N; ++j) {
        const R residual = solve.component(j, r);
        R* const b = along.b[1 + j];
        for (int i = 0; i < N; ++i) {
            along.a[1 + j][i] = -residual * solve.vector(j, i);
            b[i] = R(0);
        }
        for (int k = 0; k < N; ++k) {
            const R force = solve.divided_difference(j, k, spec) * solve.component(k, terms.force);
            for (int i = 0; i < N; ++i) b[i] = mul_add(force, solve.vector(k, i), b[i]);
        }
    }
}

// terms, directions and factors in one; `pass` leaves its factors where it was told
template <Real R, int N, class T, class Ptr>
LNN_HD void truncated_factors(LnnPass<R, N, truncated_pairs<N>, T, Ptr>& pass, const SolveSpec& spec,
                              const LossSpec& loss, const R* q, const R* v, const R* target, R share) {
    LnnInputs<R, N> inputs;
    Directions<R, N, truncated_pairs<N>> along;
    directions(pass.terms(q, v, inputs), spec, loss, target, share, along);
    pass.factors(inputs, along);
}

}  // namespace lnn::inline LNN_ISA
