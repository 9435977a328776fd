// One classical Runge-Kutta step of dx/dt = field(x), error of order 4.
#pragma once

#include "lnn/real.hpp"

namespace lnn::inline LNN_ISA {

// x: D components; field(const S* x, S* dxdt)
template <int D, Real S, class Field>
LNN_HD void rk4_step(Field&& field, S* x, double h) {
    S k[D], sum[D], y[D];
    const S half(static_cast<ScalarOf<S>>(h / 2)), full(static_cast<ScalarOf<S>>(h)),
        sixth(static_cast<ScalarOf<S>>(h / 6));
    for (int i = 0; i < D; ++i) {
        y[i] = x[i];
        sum[i] = S(0);
    }
    LNN_ROLLED
    for (int stage = 0; stage < 4; ++stage) {
        field(y, k);
        for (int i = 0; i < D; ++i) {
            if (stage == 3) {
                x[i] = mul_add(sixth, sum[i] + k[i], x[i]);
            } else {
                sum[i] = mul_add(S(static_cast<ScalarOf<S>>(stage == 0 ? 1 : 2)), k[i], sum[i]);
                y[i] = mul_add(stage == 2 ? full : half, k[i], x[i]);
            }
        }
    }
}

}  // namespace lnn::inline LNN_ISA
