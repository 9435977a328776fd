// Loss of predicted accelerations and its derivative: means over the samples and components, as PyTorch's MSELoss,
// L1Loss and HuberLoss.
#pragma once

#include "lnn/dof.hpp"

namespace lnn::inline LNN_ISA {

// a sample's share of the loss, and r = dloss / da. `share` = 1 / samples
template <Real R, int N>
LNN_HD R sample_loss(const LossSpec& spec, const R* a, const R* target, R share, R* r, int components = N) {
    const int n = dof_of<N>(components);
    R component[most_dof<N>];
    for (int i = 0; i < n; ++i) {
        const R inverse(ScalarOf<R>(1 / spec.scale[i]));
        const R e = (a[i] - target[i]) * inverse;
        const R size = absolute(e), sign = select(e < R(0), R(-1), select(e > R(0), R(1), e));
        const R delta(ScalarOf<R>(spec.delta));
        if (spec.kind == Loss::mse) {
            component[i] = e * e;
            r[i] = R(2) * e * inverse;
        } else if (spec.kind == Loss::l1) {
            component[i] = size;
            r[i] = sign * inverse;
        } else {
            const auto near = size < delta;
            component[i] = select(near, R(0.5) * e * e, delta * (size - R(0.5) * delta));
            r[i] = select(near, e, delta * sign) * inverse;
        }
    }
    R loss(0);
    if (spec.balance == Balance::large) {
        // root mean square of the components' losses
        for (int i = 0; i < n; ++i) loss = mul_add(component[i], component[i], loss);
        loss = square_root(loss * R(ScalarOf<R>(1.0 / n)));
        const R inverse = select(loss > R(0), share * R(ScalarOf<R>(1.0 / n)) / loss, R(0));
        for (int i = 0; i < n; ++i) r[i] = r[i] * component[i] * inverse;
        return loss * share;
    }
    const R mean = share * R(ScalarOf<R>(1.0 / n));
    for (int i = 0; i < n; ++i) {
        loss = loss + component[i];
        r[i] = r[i] * mean;
    }
    return loss * mean;
}

}  // namespace lnn::inline LNN_ISA
