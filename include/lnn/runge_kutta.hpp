// Explicit Runge-Kutta methods for dx/dt = field(x), as data: a Butcher table each (integrators). A new one is a row.
//
// The stages are k_0 = field(x), k_s = field(x + h / divisor_s sum_j a_sj k_j); row number `stages` gives the step itself.
// An adaptive method measures its error by the difference of two orders, which takes the field at the new x, too; that
// is the first stage of the next step.
#pragma once

#include "lnn/elementary.hpp"

namespace lnn {

inline constexpr int most_stages = 6;  // before the step itself

struct ButcherTable {
    int order, stages;
    struct Row {
        double a[most_stages], divisor;
    } rows[most_stages + 1];
    double error[most_stages + 1];  // weights of the stages and of the field at the new x; all 0: steps of one length
    bool adaptive() const {
        for (const double e : error)
            if (e != 0) return true;
        return false;
    }
};

struct Integrator {
    const char *name, *meaning;
    ButcherTable table;
};

// in the order of Integration::integrator
//   rk4: Kutta's, the classical one.
//   dormand-prince: J. R. Dormand and P. J. Prince, A family of embedded Runge-Kutta formulae, J. Comput. Appl. Math. 6
//   (1980) 19, table 2 (RK5(4)7M); the solution of order 5 is kept.
inline constexpr Integrator integrators[] = {
    {"rk4",
     "a step of the classical Runge-Kutta method from instant to instant",
     {4, 4, {{{}, 1}, {{1}, 2}, {{0, 1}, 2}, {{0, 0, 1}, 1}, {{1, 2, 2, 1}, 6}}, {}}},
    {"dormand-prince",
     "order 5(4) with steps as long as eval.tolerance allows; CPU only",
     {5,
      6,
      {{{}, 1},
       {{1.0 / 5}, 1},
       {{3.0 / 40, 9.0 / 40}, 1},
       {{44.0 / 45, -56.0 / 15, 32.0 / 9}, 1},
       {{19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729}, 1},
       {{9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656}, 1},
       {{35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84}, 1}},
      {71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40}}}};

inline namespace LNN_ISA {

// The state of `d` <= D components at which stage number `stage` takes the field, of a step h from x. k: (stages, D)
template <int D, Real S, class Length>
LNN_HD void stage_state(const ButcherTable& table, int stage, int d, const S (*k)[D], Length h, const S* x, S* y) {
    const ButcherTable::Row& row = table.rows[stage];
    for (int i = 0; i < d; ++i) {
        S sum(0);
        for (int s = 0; s < stage; ++s)
            if (row.a[s] != 0) sum = mul_add(S(static_cast<ScalarOf<S>>(row.a[s])), k[s][i], sum);
        y[i] = stage == 0 ? x[i] : mul_add(h(row.divisor), sum, x[i]);
    }
}

// one step of length h; field(const S* x, S* dxdt)
template <int D, Real S, class Field>
LNN_HD void runge_kutta_step(const ButcherTable& table, Field&& field, int d, S* x, double h) {
    S k[most_stages + 1][D], y[D];
    const auto part = [h](double divisor) { return S(static_cast<ScalarOf<S>>(h / divisor)); };
    LNN_ROLLED
    for (int stage = 0; stage < table.stages; ++stage) {
        stage_state<D>(table, stage, d, k, part, x, y);
        field(y, k[stage]);
    }
    stage_state<D>(table, table.stages, d, k, part, x, y);
    for (int i = 0; i < d; ++i) x[i] = y[i];
}

inline constexpr int most_steps = 10000;        // tried in one call; who needs more has diverged
inline constexpr double shortest_step = 1e-10;  // of the way, the same

// Carries x on by `way` in steps of an adaptive method. `step` is the first length tried and becomes that for the next
// call. A step is accepted where the error is at most tolerance (1 + |x|) in each component; the next is 0.9
// error^(-1 / order) times as long, within a factor of 5 (Hairer, Norsett and Wanner, Solving Ordinary Differential
// Equations I, II.4). Every lane of a Real has its own time and step, so that its result does not depend on its
// neighbours. A lane that cannot meet the tolerance, or is not finite, ends as NaN.
template <int D, Real S, class Field>
LNN_HD void runge_kutta_adaptive(const ButcherTable& table, Field&& field, int d, S* x, S& step, double way,
                                 double tolerance) {
    using T = ScalarOf<S>;
    const S none(T(0)), whole(static_cast<T>(way));
    S k[most_stages + 1][D], y[D], left = whole;
    for (int tried = 0; any(left > none); ++tried) {
        const auto stuck = (left > none) & ((!(step > S(T(shortest_step * way)))) | (S(T(tried)) >= S(T(most_steps))));
        for (int i = 0; i < d; ++i) x[i] = select(stuck, S(T(NAN)), x[i]);
        left = select(stuck, none, left);
        step = select(stuck, none, step);
        const S h = select(step < left, step, left);
        const auto part = [h](double divisor) { return h * S(T(1 / divisor)); };
        LNN_ROLLED
        for (int stage = tried == 0 ? 0 : 1; stage <= table.stages; ++stage) {
            stage_state<D>(table, stage, d, k, part, x, y);
            field(y, k[stage]);
        }
        S error = none;
        auto finite = none == none;
        for (int i = 0; i < d; ++i) {
            S sum = none;
            for (int s = 0; s <= table.stages; ++s) sum = mul_add(S(T(table.error[s])), k[s][i], sum);
            const S size = absolute(h * sum) / (S(T(tolerance)) * (S(T(1)) + maximum(absolute(x[i]), absolute(y[i]))));
            finite = finite & (size < S(T(HUGE_VAL)));
            error = maximum(size, error);
        }
        const auto going = left > none, accepted = going & finite & (error <= S(T(1)));
        // between 1/5 and 5; an error of 0 has no logarithm
        const S growth = S(T(0.9)) * exponential(S(T(-1.0 / table.order)) * logarithm(maximum(error, S(T(1e-4)))));
        const S bounded = select(growth < S(T(0.2)), S(T(0.2)), select(growth > S(T(5)), S(T(5)), growth));
        const S wanted = h * select(finite, bounded, S(T(0.2)));
        for (int i = 0; i < d; ++i) {
            x[i] = select(accepted, y[i], x[i]);
            k[0][i] = select(accepted, k[table.stages][i], k[0][i]);
        }
        // a step cut short by the end says little about the next
        step = select(going, select(accepted & (h < step), maximum(wanted, step), wanted), step);
        left = select(accepted, left - h, left);
    }
}

}  // namespace LNN_ISA
}  // namespace lnn
