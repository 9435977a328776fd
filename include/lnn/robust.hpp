// Robust least squares by reweighting: cost and weight of one residual r,
//
//   rho(r) = 2 delta^2 (sqrt(1 + (r / delta)^2) - 1)
//   drho/dr = 2 r w(r)^2,  w(r) = (1 + (r / delta)^2)^(-1/4)
//
// The cost is r^2 where r is small, 2 delta |r| where it is large (pseudo-Huber). Rows of the Jacobian and residuals,
// both times w, have the normal equations of Gauss and Newton. (Triggs et al. 2000, 4.3, without its
// second-order term.)
#pragma once

#include "lnn/real.hpp"
#include "lnn/spec.hpp"

namespace lnn::inline LNN_ISA {

// r / delta; 0 where all residuals count squared
template <Real R>
LNN_HD R robust_ratio(double delta, R r) {
    return r * R(ScalarOf<R>(delta > 0 ? 1 / delta : 0));
}

template <Real R>
LNN_HD R robust_cost(double delta, R r) {
    const R x = robust_ratio(delta, r);
    return R(2) * r * r / (R(1) + square_root(mul_add(x, x, R(1))));
}

template <Real R>
LNN_HD R robust_weight(double delta, R r) {
    const R x = robust_ratio(delta, r);
    return R(1) / square_root(square_root(mul_add(x, x, R(1))));
}

}  // namespace lnn::inline LNN_ISA
