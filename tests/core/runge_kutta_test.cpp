// Every method of the table on the pendulum, against steps so short that nothing is left of their error; the classical
// one on a polynomial it has to get exactly, the adaptive one on the oscillator, whose motion is known, and on what no
// step is short enough for.
#include "lnn/runge_kutta.hpp"

#include <array>
#include <numeric>

#include "reals.hpp"

namespace lnn {
namespace {

const ButcherTable &classical = integrators[0].table, &adaptive_pair = integrators[1].table;

template <int D, class S, class Field>
void rk4_step(Field&& field, S* x, double h) {
    runge_kutta_step<D>(classical, field, D, x, h);
}
template <int D, class S, class Field>
void dormand_prince(Field&& field, S* x, S& step, double way, double tolerance) {
    runge_kutta_adaptive<D>(adaptive_pair, field, D, x, step, way, tolerance);
}

const auto pendulum = [](const double* y, double* dydt) { dydt[0] = y[1], dydt[1] = -std::sin(y[0]); };

// where the pendulum is at t = 2 after so many steps
std::array<double, 2> pendulum_after(const ButcherTable& table, int steps) {
    double x[2] = {1, 0.7};
    for (int k = 0; k < steps; ++k) runge_kutta_step<2>(table, pendulum, 2, x, 2.0 / steps);
    return {x[0], x[1]};
}

// on a field that is not linear: on linear ones many conditions of an order are the same
TEST(RungeKutta, EveryMethodHasItsOrder) {
    const auto exact = pendulum_after(adaptive_pair, 2000);
    const auto error_of = [&](const ButcherTable& table, int steps) {
        const auto x = pendulum_after(table, steps);
        return std::hypot(x[0] - exact[0], x[1] - exact[1]);
    };
    for (const auto& [name, meaning, table] : integrators)
        for (const int steps : {20, 40})
            EXPECT_NEAR(std::log2(error_of(table, steps) / error_of(table, 2 * steps)), table.order, 0.1)
                << name << ", " << steps;
}

// the weights of a step sum to the whole of it, those of its error to nothing
TEST(RungeKutta, TheTablesAreConsistent) {
    for (const auto& [name, meaning, table] : integrators) {
        const auto& last = table.rows[table.stages];
        EXPECT_NEAR(std::accumulate(last.a, last.a + table.stages, 0.0) / last.divisor, 1, 1e-15) << name;
        EXPECT_NEAR(std::accumulate(table.error, table.error + table.stages + 1, 0.0), 0, 1e-15) << name;
    }
}

TEST(Rk4, IsAsAccurateAsItsSeriesSays) {
    double x[2] = {1, 0};
    for (int k = 0; k < 20; ++k)
        rk4_step<2>([](const double* y, double* dydt) { dydt[0] = y[1], dydt[1] = -y[0]; }, x, 0.1);
    EXPECT_LT(std::hypot(x[0] - std::cos(2.0), x[1] + std::sin(2.0)), 2e-6);  // h^4 t / 120
}

// dx/dt of degree 3 in a clock that runs beside: Simpson's rule is exact
TEST(Rk4, IntegratesCubicsExactly) {
    double x[2] = {0, 0};
    for (int k = 0; k < 8; ++k)
        rk4_step<2>(
            [](const double* y, double* dydt) { dydt[0] = 1, dydt[1] = 4 * y[0] * y[0] * y[0] + 3 * y[0] * y[0]; }, x,
            0.25);
    EXPECT_NEAR(x[1], 16 + 8, 1e-13);
}

TEST(Rk4, LanesHaveTheScalarsBits) {
    using R = Pack<float, 8>;
    const auto start = scattered<float>(-1, 1, 16);
    R x[2] = {load<R>(&start[0]), load<R>(&start[8])};
    const auto field = [](const auto* y, auto* dydt) { dydt[0] = y[1], dydt[1] = -y[0] * y[0] * y[0]; };
    rk4_step<2>(field, x, 0.1);
    for (int w = 0; w < 8; ++w) {
        float y[2] = {start[w], start[8 + w]};
        rk4_step<2>(field, y, 0.1);
        for (int i = 0; i < 2; ++i) EXPECT_EQ(lane(x[i], w), y[i]);
    }
}

const auto oscillator = [](const auto* y, auto* dydt) { dydt[0] = y[1], dydt[1] = -y[0]; };

// after `way`, in `calls` parts; with a tolerance that accepts everything each is one step
double error_after(double way, int calls, double tolerance) {
    double x[2] = {1, 0}, step = way / calls;
    for (int k = 0; k < calls; ++k) dormand_prince<2>(oscillator, x, step, way / calls, tolerance);
    return std::hypot(x[0] - std::cos(way), x[1] + std::sin(way));
}

TEST(DormandPrince, IsOfOrderFive) {
    for (const int steps : {10, 20})
        EXPECT_NEAR(error_after(2, steps, 1e9) / error_after(2, 2 * steps, 1e9), 32, 1) << steps;
}

TEST(DormandPrince, TheErrorFollowsTheTolerance) {
    for (const double tolerance : {1e-6, 1e-8, 1e-10}) {
        EXPECT_LT(error_after(10, 1, tolerance), 10 * tolerance);
        EXPECT_GT(error_after(10, 1, tolerance), 0.1 * tolerance);
    }
}

TEST(DormandPrince, AgreesWithRk4AtTinySteps) {
    double x[2] = {2, 0.5}, y[2] = {2, 0.5}, step = 1;
    dormand_prince<2>(pendulum, x, step, 3, 1e-12);
    for (int k = 0; k < 30000; ++k) rk4_step<2>(pendulum, y, 1e-4);
    for (int i = 0; i < 2; ++i) EXPECT_NEAR(x[i], y[i], 1e-10);
    EXPECT_NEAR(0.5 * x[1] * x[1] - std::cos(x[0]), 0.125 - std::cos(2.0), 1e-10);  // the energy
}

// dx/dt = x^2 is infinite at t = 1; dx/dt = -1e6 x asks for more steps than there may be
TEST(DormandPrince, EndsWhereNoStepIsShortEnough) {
    for (const bool stiff : {false, true}) {
        double x[1] = {1}, step = 1;
        int asked = 0;
        const auto field = [&](const double* y, double* dydt) {
            ++asked;
            dydt[0] = stiff ? -1e6 * y[0] : y[0] * y[0];
        };
        dormand_prince<1>(field, x, step, 2, 1e-9);
        EXPECT_TRUE(std::isnan(x[0]));
        EXPECT_LE(asked, 7 * most_steps + 7);
        asked = 0;
        dormand_prince<1>(field, x, step, 2, 1e-9);
        EXPECT_LE(asked, 7) << "a lane that has ended costs no more steps";
    }
}

// whatever the neighbours need
TEST(DormandPrince, LanesHaveTheScalarsBits) {
    using R = Pack<float, 8>;
    const auto start = scattered<float>(-3, 3, 16);
    R x[2] = {load<R>(&start[0]), load<R>(&start[8])}, step(0.5f);
    const auto field = [](const auto* y, auto* dydt) { dydt[0] = y[1], dydt[1] = -y[0] * y[0] * y[0]; };
    dormand_prince<2>(field, x, step, 1, 1e-5);
    for (int w = 0; w < 8; ++w) {
        float y[2] = {start[w], start[8 + w]}, own = 0.5f;
        dormand_prince<2>(field, y, own, 1, 1e-5);
        for (int i = 0; i < 2; ++i) EXPECT_EQ(lane(x[i], w), y[i]);
    }
}

}  // namespace
}  // namespace lnn
