// Adam with bias correction (Kingma and Ba 2015), in the order of torch.optim.Adam; learning rates; weight averaging.
#pragma once

#include "lnn/elementary.hpp"
#include "lnn/spec.hpp"

namespace lnn::inline LNN_ISA {

// learning rate of step `step` (from 0)
LNN_HD double learning_rate(const Schedule& s, std::int64_t step) {
    if (s.kind == ScheduleKind::step) {
        double rate = s.lr;
        for (std::int64_t k = step / s.every; k > 0; --k) rate *= s.gamma;
        return rate;
    }
    if (step < s.warmup) return s.lr * double(step + 1) / double(s.warmup);
    // half a cosine from lr down to floor lr
    const double done = double(step - s.warmup) / double(s.total > s.warmup ? s.total - s.warmup : 1);
    double sine, cosine;
    sin_cos(3.14159265358979323846 * (done < 1 ? done : 1.0), sine, cosine);
    return s.lr * (s.floor + (1 - s.floor) * 0.5 * (1 + cosine));
}

// what all parameters share in one step: `t` counts applied steps from 1
template <class T>
struct AdamStep {
    T beta1, one_minus_beta1, beta2, one_minus_beta2, eps, step_size, root_inverse, ema;

    // power1 = beta1^t, power2 = beta2^t
    LNN_HD AdamStep(const AdamSpec& a, double rate, double power1, double power2)
        : beta1(T(a.beta1)),
          one_minus_beta1(T(1 - a.beta1)),
          beta2(T(a.beta2)),
          one_minus_beta2(T(1 - a.beta2)),
          eps(T(a.eps)),
          step_size(T(rate / (1 - power1))),
          root_inverse(T(1 / std::sqrt(1 - power2))),
          ema(T(a.ema)) {}

    template <Real R>
    LNN_HD void update(R g, R& weight, R& first, R& second, R& average) const {
        first = mul_add(R(beta1), first, R(one_minus_beta1) * g);
        second = mul_add(R(beta2), second, R(one_minus_beta2) * g * g);
        const R denominator = mul_add(square_root(second), R(root_inverse), R(eps));
        weight = weight - R(step_size) * (first / denominator);
        average = mul_add(R(ema), average - weight, weight);
    }
};

// b^n by squaring: the same on every machine
LNN_HD double power(double b, std::int64_t n) {
    double r = 1;
    for (; n > 0; n >>= 1, b *= b)
        if (n & 1) r *= b;
    return r;
}

}  // namespace lnn::inline LNN_ISA
