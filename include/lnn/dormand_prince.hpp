// The adaptive Runge-Kutta pair 5(4) of Dormand and Prince for dx/dt = field(x).
//
// Coefficients: J. R. Dormand and P. J. Prince, A family of embedded Runge-Kutta formulae, J. Comput. Appl. Math. 6
// (1980) 19, table 2 (RK5(4)7M). The solution of order 5 is kept, its difference from that of order 4 measures the
// error; the last of seven stages is the first of the next step. A step is accepted where the error is at most
// tolerance (1 + |x|) in each component; the next is 0.9 error^(-1/5) times as long, within a factor of 5 (Hairer,
// Norsett and Wanner, Solving Ordinary Differential Equations I, II.4).
// Every lane of a Real has its own time and step, so that its result does not depend on its neighbours.
#pragma once

#include "lnn/elementary.hpp"

namespace lnn::inline LNN_ISA {

inline constexpr int most_steps = 10000;        // tried in one call; who needs more has diverged
inline constexpr double shortest_step = 1e-10;  // of the way, the same

// Carries x (D components) on by `way`. `step` is the first length tried and becomes that for the next call. A lane
// that cannot meet the tolerance, or is not finite, ends as NaN. field(const S* x, S* dxdt)
template <int D, Real S, class Field>
LNN_HD void dormand_prince(Field&& field, S* x, S& step, double way, double tolerance) {
    using T = ScalarOf<S>;
    constexpr double a[7][6] = {{},
                                {1.0 / 5},
                                {3.0 / 40, 9.0 / 40},
                                {44.0 / 45, -56.0 / 15, 32.0 / 9},
                                {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
                                {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
                                {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84}};
    constexpr double e[7] = {71.0 / 57600,      0,          -71.0 / 16695, 71.0 / 1920,
                             -17253.0 / 339200, 22.0 / 525, -1.0 / 40};  // order 5 less order 4
    const S none(T(0)), whole(static_cast<T>(way));
    S k[7][D], y[D], left = whole;
    for (int i = 0; i < D; ++i) y[i] = x[i];
    for (int tried = 0; any(left > none); ++tried) {
        const auto stuck = (left > none) & ((!(step > S(T(shortest_step * way)))) | (S(T(tried)) >= S(T(most_steps))));
        for (int i = 0; i < D; ++i) x[i] = select(stuck, S(T(NAN)), x[i]);
        left = select(stuck, none, left);
        step = select(stuck, none, step);
        const S h = select(step < left, step, left);
        LNN_ROLLED
        for (int stage = tried == 0 ? 0 : 1; stage < 7; ++stage) {
            for (int i = 0; i < D && stage > 0; ++i) {
                S sum = none;
                for (int s = 0; s < stage; ++s) sum = mul_add(S(T(a[stage][s])), k[s][i], sum);
                y[i] = mul_add(h, sum, x[i]);
            }
            field(y, k[stage]);
        }
        S error = none;
        auto finite = none == none;
        for (int i = 0; i < D; ++i) {
            S sum = none;
            for (int s = 0; s < 7; ++s) sum = mul_add(S(T(e[s])), k[s][i], sum);
            const S part = absolute(h * sum) / (S(T(tolerance)) * (S(T(1)) + maximum(absolute(x[i]), absolute(y[i]))));
            finite = finite & (part < S(T(HUGE_VAL)));
            error = maximum(part, error);
        }
        const auto going = left > none, accepted = going & finite & (error <= S(T(1)));
        // between 1/5 and 5; an error of 0 has no logarithm
        const S growth = S(T(0.9)) * exponential(S(T(-0.2)) * logarithm(maximum(error, S(T(1e-4)))));
        const S wanted =
            h *
            select(finite, select(growth < S(T(0.2)), S(T(0.2)), select(growth > S(T(5)), S(T(5)), growth)), S(T(0.2)));
        for (int i = 0; i < D; ++i) {
            x[i] = select(accepted, y[i], x[i]);
            k[0][i] = select(accepted, k[6][i], k[0][i]);
        }
        // a step cut short by the end says little about the next
        step = select(going, select(accepted & (h < step), maximum(wanted, step), wanted), step);
        left = select(accepted, left - h, left);
    }
}

}  // namespace lnn::inline LNN_ISA
