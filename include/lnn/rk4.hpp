// One classical Runge-Kutta step of dx/dt = field(x), error of order 4.
#pragma once

#include "lnn/real.hpp"

namespace lnn::inline LNN_ISA {

// What follows from k = field(y) in stage 0 .. 3 of a step from x: the next y, in the last stage the next x and y. The
// first stage begins with y = x and sum = 0, and so leaves the last.
template <int D, Real S>
LNN_HD void rk4_stage(int stage, const S* k, double h, S* x, S* y, S* sum) {
    const S half(static_cast<ScalarOf<S>>(h / 2)), full(static_cast<ScalarOf<S>>(h)),
        sixth(static_cast<ScalarOf<S>>(h / 6)), weight(static_cast<ScalarOf<S>>(stage == 0 ? 1 : 2));
    for (int i = 0; i < D; ++i) {
        if (stage == 3) {
            x[i] = y[i] = mul_add(sixth, sum[i] + k[i], x[i]);
            sum[i] = S(0);
        } else {
            sum[i] = mul_add(weight, k[i], sum[i]);
            y[i] = mul_add(stage == 2 ? full : half, k[i], x[i]);
        }
    }
}

// x: D components; field(const S* x, S* dxdt)
template <int D, Real S, class Field>
LNN_HD void rk4_step(Field&& field, S* x, double h) {
    S k[D], sum[D], y[D];
    for (int i = 0; i < D; ++i) {
        y[i] = x[i];
        sum[i] = S(0);
    }
    LNN_ROLLED
    for (int stage = 0; stage < 4; ++stage) {
        field(y, k);
        rk4_stage<D>(stage, k, h, x, y, sum);
    }
}

}  // namespace lnn::inline LNN_ISA
