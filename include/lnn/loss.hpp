// Losses of predicted accelerations and their derivatives: means over the samples and components, as PyTorch's MSELoss,
// L1Loss and HuberLoss. A new one: a struct here, and its name in `Losses`; command-line name and gradient tests come
// with it.
#pragma once

#include "lnn/dof.hpp"
#include "lnn/list.hpp"
#include "lnn/spec.hpp"

namespace lnn::inline LNN_ISA {

// e = (a - a(data)) / scale of one component, |e|, its sign, and LossSpec::delta
template <Real R>
struct Residual {
    R e, size, sign, delta;
};

// of one component: its loss, and dloss / de
template <Real R>
struct Penalty {
    R loss, slope;
};

struct Mse {
    static constexpr const char *name = "mse", *meaning = "mean squared error of the accelerations";
    template <Real R>
    LNN_HD static Penalty<R> of(const Residual<R>& x) {
        return {x.e * x.e, R(2) * x.e};
    }
};

struct L1 {
    static constexpr const char *name = "l1", *meaning = "mean absolute error";
    template <Real R>
    LNN_HD static Penalty<R> of(const Residual<R>& x) {
        return {x.size, x.sign};
    }
};

struct Huber {
    static constexpr const char *name = "huber", *meaning = "squared below delta, linear above";
    template <Real R>
    LNN_HD static Penalty<R> of(const Residual<R>& x) {
        const auto near = x.size < x.delta;
        return {select(near, R(0.5) * x.e * x.e, x.delta * (x.size - R(0.5) * x.delta)),
                select(near, x.e, x.delta * x.sign)};
    }
};

// the order is LossSpec::kind
using Losses = TypeList<Mse, L1, Huber>;

// by the loss at place `kind`
template <Real R, class Loss, class... Others>
LNN_HD Penalty<R> penalty_of(TypeList<Loss, Others...>, int kind, const Residual<R>& x) {
    if constexpr (sizeof...(Others) > 0)
        if (kind != 0) return penalty_of(TypeList<Others...>{}, kind - 1, x);
    return Loss::of(x);
}

// a sample's share of the loss, and r = dloss / da. `share` = 1 / samples
template <Real R, int N>
LNN_HD R sample_loss(const LossSpec& spec, const R* a, const R* target, R share, R* r, int components = N) {
    const int n = dof_of<N>(components);
    R component[most_dof<N>];
    for (int i = 0; i < n; ++i) {
        const R inverse(ScalarOf<R>(1 / spec.scale[i]));
        const R e = (a[i] - target[i]) * inverse;
        const R size = absolute(e), sign = select(e < R(0), R(-1), select(e > R(0), R(1), e));
        const Residual<R> residual{e, size, sign, R(ScalarOf<R>(spec.delta))};
        const Penalty<R> penalty = penalty_of(Losses{}, spec.kind, residual);
        component[i] = penalty.loss;
        r[i] = penalty.slope * inverse;
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
