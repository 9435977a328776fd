// One sample (one pack) of a batch: its loss and the factors of its gradient.
#pragma once

#include "accelerate.hpp"
#include "lnn/loss.hpp"

namespace lnn::inline LNN_ISA {

template <Real R>
struct SampleResult {
    R loss;
    R condition;            // of M
    MaskOf<R> truncated;    // M is rank-deficient here: the factors are zero, and `truncated_sample` has to be called
};

// active: lanes that hold a sample; the others get a zero gradient. `pass` leaves its factors where it was told.
template <Real R, int N, class T, class Ptr>
LNN_HD SampleResult<R> sample_factors(LnnPass<R, N, 1, T, Ptr>& pass, const SolveSpec& spec, const LossSpec& loss_spec,
                                      const R* q, const R* v, const R* target, MaskOf<R> active, R share) {
    const Terms<R, N> terms = pass.terms(q, v);
    const SymmetricSolve<R, N> solve(terms.mass, R(T(spec.rcond)));
    R a[1][N], r[N], lambda[1][N];
    solve.apply(terms.force, a[0]);
    const R loss = sample_loss<R, N>(loss_spec, a[0], target, share, r);
    const auto regular = active & !solve.truncated;
    for (int i = 0; i < N; ++i) r[i] = select(regular, r[i], R(0));
    solve.apply(r, lambda[0]);
    pass.factors(lambda[0], lambda, a);
    return {select(active, loss, R(0)), solve.condition, active & solve.truncated};
}

// The factors of a sample whose M is rank-deficient, M^+ of constant rank. With lambda = M^+ r the bracket is
//   DL[(lambda, 0)] - D2L[(0, lambda), (v, a)] + D2L[(0, M^+ lambda), (0, (1 - P) f)] + D2L[(0, (1 - P) r), (0, M^+ a)]
// with P = M M^+. (Golub and Pereyra 1973, derivative of the pseudo-inverse.)
template <Real R, int N, class T, class Ptr>
LNN_HD void truncated_sample(LnnPass<R, N, 3, T, Ptr>& pass, const SolveSpec& spec, const LossSpec& loss_spec,
                             const R* q, const R* v, const R* target, R share) {
    const Terms<R, N> terms = pass.terms(q, v);
    const SymmetricSolve<R, N> solve(terms.mass, R(T(spec.rcond)));
    // a matrix that acts on the eigenspaces: M^+ M = M M^+ = P
    const auto outside = [&](const R* y, R* rest) {
        R inverse[N];
        solve.apply(y, inverse);
        for (int i = 0; i < N; ++i) {
            rest[i] = y[i];
            for (int j = 0; j < N; ++j) rest[i] = rest[i] - terms.mass[packed(i, j)] * inverse[j];
        }
    };
    R a[N], r[N], lambda[N], first[3][N], second[3][N];
    solve.apply(terms.force, a);
    sample_loss<R, N>(loss_spec, a, target, share, r);
    solve.apply(r, lambda);
    solve.apply(lambda, first[1]);
    outside(terms.force, second[1]);
    outside(r, first[2]);
    solve.apply(a, second[2]);
    for (int i = 0; i < N; ++i) {
        first[0][i] = lambda[i];
        second[0][i] = a[i];
        first[1][i] = -first[1][i];
        first[2][i] = -first[2][i];
    }
    pass.factors(lambda, first, second);
}

}  // namespace lnn::inline LNN_ISA
