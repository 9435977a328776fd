// One sample (one pack of samples) of a least squares problem: its residuals r_k = (a_k - a_k(data)) /
// scale_k, and for each of them its row of the Jacobian, dr_k/dtheta.
//
// Row k is the pullback of r = e_k / scale_k: n of them share one forward pass.
// Row and residual come times the weight of the residual (robust.hpp).
#pragma once

#include "lnn/models/list.hpp"
#include "lnn/robust.hpp"

namespace lnn::inline LNN_ISA {

// the gradient in all parameters, parameter p at gradient[p stride], from the factors of one pack; returns 0,
// or NaN in lanes where a number is not finite
template <class Pass, Real R, class Ptr>
LNN_HD R gradient_of_factors(const MlpShape& s, Factors<Ptr> factors, R* gradient, std::int64_t stride) {
    constexpr int F = Pass::factor_columns(1), bias = Pass::bias_column;  // the same for all degrees of freedom
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
            gradient[(m.bias + i) * stride] = left[bias];
            poison = mul_add(R(left[bias]), R(0), poison);
        }
    }
    return poison;
}

// Reals that a sample's rows need: a pass and its factors
template <class Pass>
LNN_HD int jacobian_reals(const MlpShape& s, int n) {
    return Pass::scratch(s, n) + (s.left_units() + s.right_units()) * Pass::factor_columns(n);
}

// rows (parameters, stride), of which n neighbours from `rows` on are written; residuals (n).
// scratch: jacobian_reals. Lanes that hold no sample (not active), an M rank-deficient or below the floor, or
// a number that is not finite get zeros; returns those of them that hold a sample.
template <class Model, int N, Real R, class T, class Ptr>
LNN_HD MaskOf<R> jacobian_rows(const NetworkView<T>& net, const SolveSpec& solve, const RobustSpec& robust, const R* q,
                               const R* v, const R* target, MaskOf<R> active, Ptr scratch, R* rows, std::int64_t stride,
                               R* residuals) {
    using Pass = typename Model::template Pass<R, N, Tape::regular, T, Ptr>;
    const int n = dof_of<N>(net.dof), F = Pass::factor_columns(n);
    const Ptr left = scratch + Pass::scratch(net.shape, n);
    const Factors<Ptr> factors{left, left + net.shape.left_units() * F, F};
    Pass pass(net, scratch, factors);
    typename Pass::Inputs inputs;
    typename Pass::Output output;
    pass.forward(q, v, inputs, output);
    const typename Pass::Answer answer(output, solve, n);
    R directions[Pass::along_reals(most_dof<N>)];
    const Directions<R*, N> along{directions, n};

    const MaskOf<R> regular = active & !answer.truncated();
    R poison(0);
    for (int k = 0; k < n; ++k) {
        const R inverse(ScalarOf<R>(1 / robust.scale[k]));
        const R residual = (answer.a[k] - target[k]) * inverse;
        const R weight = select(regular, robust_weight(robust.delta, residual), R(0));
        R unit[most_dof<N>];
        for (int i = 0; i < n; ++i) unit[i] = i == k ? weight * inverse : R(0);
        answer.directions(unit, along);
        pass.backward(inputs, along);
        residuals[k] = weight * residual;
        poison = mul_add(residuals[k], R(0), poison) + gradient_of_factors<Pass>(net.shape, factors, rows + k, stride);
    }
    const MaskOf<R> finite = poison == R(0);
    if (any(MaskOf<R>(!finite)))
        for (int k = 0; k < n; ++k) {
            residuals[k] = select(finite, residuals[k], R(0));
            for (int p = 0; p < net.shape.parameters; ++p)
                rows[k + p * stride] = select(finite, rows[k + p * stride], R(0));
        }
    return active & !(regular & finite);
}

}  // namespace lnn::inline LNN_ISA
