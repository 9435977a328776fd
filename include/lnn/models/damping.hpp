// Linear damping, a part that any Lagrangian may carry: forces Q = -C C^T v beside f, C learned, so that C C^T is never
// negative (Rayleigh's dissipation). C is the matrix beside the network (mlp.hpp).
//
// The bracket of lagrangian.hpp gains lambda . Q, hence dC = -lambda (C^T v)^T - v (C^T lambda)^T: two outer products.
#pragma once

#include "lnn/models/network.hpp"

namespace lnn::inline LNN_ISA {

template <Real R, int N, class T>
class Damping {
  public:
    LNN_HD explicit Damping(const NetworkView<T>& net) : net_(net) {}

    LNN_HD bool there() const { return net_.shape.beside > 0; }

    LNN_HD void add_force(const R* v, R* force) const {
        if (there()) add_product([&](int i) { return v[i]; }, force);
    }
    // dl/dv of the bracket's lambda . Q
    template <class Along>
    LNN_HD void add_cotangent(const Along& along, R* in_v) const {
        if (there()) add_product([&](int i) { return R(along.lambda(i)); }, in_v);
    }

    // factors of dC in the first two of `columns`
    template <class Along, class Ptr>
    LNN_HD void factors(const R* v, const Along& along, const Factors<Ptr>& factors, int columns) const {
        if (!there()) return;
        R along_v[most_dof<N>], along_lambda[most_dof<N>];
        to_columns([&](int i) { return v[i]; }, along_v);
        to_columns([&](int i) { return R(along.lambda(i)); }, along_lambda);
        for (int i = 0; i < dof(); ++i) {
            const auto row = factors.left + (net_.shape.left_beside() + i) * factors.stride,
                       column = factors.right + (net_.shape.right_beside() + i) * factors.stride;
            for (int c = 2; c < columns; ++c) row[c] = column[c] = R(0);
            row[0] = along.lambda(i);
            row[1] = v[i];
            column[0] = -along_v[i];
            column[1] = -along_lambda[i];
        }
    }

  private:
    const NetworkView<T>& net_;

    LNN_HD int dof() const { return dof_of<N>(net_.dof); }
    LNN_HD T c(int i, int j) const { return net_.parameters[net_.shape.matrix_beside() + i * dof() + j]; }
    // y = C^T x
    template <class X>
    LNN_HD void to_columns(const X& x, R* y) const {
        for (int j = 0; j < dof(); ++j) {
            y[j] = R(0);
            for (int i = 0; i < dof(); ++i) y[j] = mul_add(R(c(i, j)), x(i), y[j]);
        }
    }
    // y - C C^T x
    template <class X>
    LNN_HD void add_product(const X& x, R* y) const {
        R along[most_dof<N>];
        to_columns(x, along);
        for (int i = 0; i < dof(); ++i)
            for (int j = 0; j < dof(); ++j) y[i] = mul_add(R(-c(i, j)), along[j], y[i]);
    }
};

}  // namespace lnn::inline LNN_ISA
