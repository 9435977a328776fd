// One sample (one pack of samples) of a least squares problem: its residuals r_k = (a_k - a_k(data)) /
// scale_k, and for each of them its row of the Jacobian, dr_k/dtheta.
//
// Row k is the gradient's bracket (models/lnn.hpp) with r = e_k / scale_k: n sweeps share one forward pass.
// Row and residual come times the weight of the residual (robust.hpp).
#pragma once

#include "lnn/models/lnn.hpp"
#include "lnn/robust.hpp"

namespace lnn::inline LNN_ISA {

// the gradient in all parameters, parameter p at gradient[p stride], from the factors of one pack; returns 0,
// or NaN in lanes where a number is not finite
template <Real R, class Ptr>
LNN_HD R gradient_of_factors(const MlpShape& s, Factors<Ptr> factors, R* gradient, std::int64_t stride) {
    constexpr int F = factor_columns<1>;
    R poison(0);
    for (int l = 1; l <= outer_matrices(s); ++l) {
        const OuterMatrix m = outer_matrix(s, l);
        for (int i = 0; i < m.rows; ++i) {
            const auto left = factors.left + (m.left + i) * factors.stride;
            R* const to = gradient + (m.weights + i * m.columns) * stride;
            for (int j = 0; j < m.columns; ++j) {
                const auto right = factors.right + (m.right + j) * factors.stride;
                R sum(0);
                LNN_UNROLL
                for (int c = 0; c < F; ++c) sum = mul_add(R(left[c]), R(right[c]), sum);
                to[j * stride] = sum;
                poison = mul_add(sum, R(0), poison);
            }
            if (m.bias < 0) continue;
            gradient[(m.bias + i) * stride] = left[1];
            poison = mul_add(R(left[1]), R(0), poison);
        }
    }
    return poison;
}

// rows (parameters, stride), of which n neighbours from `rows` on are written; residuals (n).
// scratch: lnn_scratch<N, 1> Reals. Lanes that hold no sample (not active), an M rank-deficient or below the floor, or
// a number that is not finite get zeros; returns those of them that hold a sample.
template <Real R, int N, class T, class Ptr>
LNN_HD MaskOf<R> jacobian_rows(const LnnView<T, N>& net, const SolveSpec& solve_spec, const RobustSpec& robust,
                               const R* q, const R* v, const R* target, MaskOf<R> active, Ptr scratch,
                               Factors<Ptr> factors, R* rows, std::int64_t stride, R* residuals) {
    LnnPass<R, N, 1, T, Ptr> pass(net, scratch, factors);
    LnnInputs<R, N> inputs;
    const auto terms = pass.terms(q, v, inputs);
    const SymmetricSolve<R, N> solve(terms.mass, solve_spec);
    Directions<R, N, 1> along;
    solve.apply(terms.force, along.b[0]);

    const MaskOf<R> regular = active & !solve.truncated;
    R poison(0);
    for (int k = 0; k < N; ++k) {
        const R inverse(ScalarOf<R>(1 / robust.scale[k]));
        const R residual = (along.b[0][k] - target[k]) * inverse;
        const R weight = select(regular, robust_weight(robust.delta, residual), R(0));
        R unit[N];
        for (int i = 0; i < N; ++i) unit[i] = i == k ? weight * inverse : R(0);
        solve.apply(unit, along.lambda);
        for (int i = 0; i < N; ++i) along.a[0][i] = along.lambda[i];
        pass.factors(inputs, along);
        residuals[k] = weight * residual;
        poison = mul_add(residuals[k], R(0), poison) + gradient_of_factors(net.shape, factors, rows + k, stride);
    }
    const MaskOf<R> finite = poison == R(0);
    if (any(MaskOf<R>(!finite)))
        for (int k = 0; k < N; ++k) {
            residuals[k] = select(finite, residuals[k], R(0));
            for (int p = 0; p < net.shape.parameters; ++p)
                rows[k + p * stride] = select(finite, rows[k + p * stride], R(0));
        }
    return active & !(regular & finite);
}

}  // namespace lnn::inline LNN_ISA
