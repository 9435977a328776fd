// Runge-Kutta on the oscillator, whose motion is known, and on a polynomial it has to get exactly.
#include "lnn/rk4.hpp"

#include "reals.hpp"

namespace lnn {
namespace {

double error_of(int steps) {
    double x[2] = {1, 0};
    const double h = 2.0 / steps;
    for (int k = 0; k < steps; ++k)
        rk4_step<2>([](const double* y, double* dydt) { dydt[0] = y[1], dydt[1] = -y[0]; }, x, h);
    return std::hypot(x[0] - std::cos(2.0), x[1] + std::sin(2.0));
}

TEST(Rk4, IsOfOrderFour) {
    for (const int steps : {20, 40, 80}) {
        EXPECT_NEAR(error_of(steps) / error_of(2 * steps), 16, 1) << steps;
    }
    EXPECT_LT(error_of(20), 2e-6);  // h^4 t / 120
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

}  // namespace
}  // namespace lnn
