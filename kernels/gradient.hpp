// One sample (one pack) of a batch: its loss and the factors of its gradient.
#pragma once

#include "accelerate.hpp"
#include "lnn/loss.hpp"

namespace lnn::inline LNN_ISA {

template <Real R>
struct SampleResult {
    R loss;
    R condition;            // of M
    MaskOf<R> truncated;    // M is rank-deficient here: the factors are zero, and a pass with three pairs has to follow
};

// From the terms of a sample to the directions of its gradient.
// active: lanes that hold a sample; the others get a zero gradient. share = 1 / samples
template <Real R, int N>
LNN_HD SampleResult<R> directions(const Terms<R, N>& terms, const SolveSpec& spec, const LossSpec& loss_spec,
                                  const R* target, MaskOf<R> active, R share, Directions<R, N, 1>& along) {
    const SymmetricSolve<R, N> solve(terms.mass, R(ScalarOf<R>(spec.rcond)));
    R r[N];
    solve.apply(terms.force, along.b[0]);
    const R loss = sample_loss<R, N>(loss_spec, along.b[0], target, share, r);
    const MaskOf<R> regular = active & !solve.truncated;
    for (int i = 0; i < N; ++i) r[i] = select(regular, r[i], R(0));
    solve.apply(r, along.lambda);
    for (int i = 0; i < N; ++i) along.a[0][i] = along.lambda[i];
    return {select(active, loss, R(0)), solve.condition, MaskOf<R>(active & solve.truncated)};
}

// The same for a sample whose M is rank-deficient, M^+ of constant rank. With lambda = M^+ r the bracket is
//   DL[(lambda, 0)] - D2L[(0, lambda), (v, a)] + D2L[(0, M^+ lambda), (0, (1 - P) f)] + D2L[(0, (1 - P) r), (0, M^+ a)]
// with P = M M^+. (Golub and Pereyra 1973, derivative of the pseudo-inverse.)
template <Real R, int N>
LNN_HD void directions(const Terms<R, N>& terms, const SolveSpec& spec, const LossSpec& loss_spec, const R* target,
                       R share, Directions<R, N, 3>& along) {
    const SymmetricSolve<R, N> solve(terms.mass, R(ScalarOf<R>(spec.rcond)));
    // a matrix that acts on the eigenspaces: M^+ M = M M^+ = P
    const auto outside = [&](const R* y, R* rest) {
        R inverse[N];
        solve.apply(y, inverse);
        for (int i = 0; i < N; ++i) {
            rest[i] = y[i];
            for (int j = 0; j < N; ++j) rest[i] = rest[i] - terms.mass[packed(i, j)] * inverse[j];
        }
    };
    R r[N];
    solve.apply(terms.force, along.b[0]);
    sample_loss<R, N>(loss_spec, along.b[0], target, share, r);
    solve.apply(r, along.lambda);
    solve.apply(along.lambda, along.a[1]);
    outside(terms.force, along.b[1]);
    outside(r, along.a[2]);
    solve.apply(along.b[0], along.b[2]);
    for (int i = 0; i < N; ++i) {
        along.a[0][i] = along.lambda[i];
        along.a[1][i] = -along.a[1][i];
        along.a[2][i] = -along.a[2][i];
    }
}

// terms, directions and factors in one; `pass` leaves its factors where it was told
template <Real R, int N, class T, class Ptr>
LNN_HD void truncated_factors(LnnPass<R, N, 3, T, Ptr>& pass, const SolveSpec& spec, const LossSpec& loss, const R* q,
                              const R* v, const R* target, R share) {
    LnnInputs<R, N> inputs;
    Directions<R, N, 3> along;
    directions(pass.terms(q, v, inputs), spec, loss, target, share, along);
    pass.factors(inputs, along);
}

}  // namespace lnn::inline LNN_ISA
