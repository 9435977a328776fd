// Duals against derivatives written out by hand and against differences.
#include "lnn/dual.hpp"

#include "reals.hpp"

namespace lnn {
namespace {

template <class R>
struct DualOn : testing::Test {};
TYPED_TEST_SUITE(DualOn, Reals);

TEST(Packed, IsTheLowerTriangleByRows) {
    int place = 0;
    for (int i = 0; i < 5; ++i)
        for (int j = 0; j <= i; ++j, ++place) {
            EXPECT_EQ(packed(i, j), place);
            EXPECT_EQ(packed(j, i), place);
        }
}

// every operation there is, once
template <class D>
D expression(const D& x, const D& y) {
    return sin(x * y) * cos(x) + 2.0 * (x * x) - (y - 3.0) * y;
}

TYPED_TEST(DualOn, ClosedForms) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    const auto xs = scattered<T>(-2, 2, 64, 1), ys = scattered<T>(-2, 2, 64, 2);
    for (std::size_t k = 0; k < xs.size(); k += width_of<R>) {
        using D = Dual<R, 2>;
        const D f = expression(D::variable(load<R>(&xs[k]), 0), D::variable(load<R>(&ys[k]), 1));
        for (int w = 0; w < width_of<R>; ++w) {
            const double x = xs[k + w], y = ys[k + w];
            const double s = std::sin(x * y), c = std::cos(x * y), sx = std::sin(x), cx = std::cos(x);
            const double tolerance = 60 * eps<T>;  // two dozen roundings of numbers up to 20
            EXPECT_NEAR(lane(f.value, w), s * cx + 2 * x * x - (y - 3) * y, tolerance);
            EXPECT_NEAR(lane(f.first[0], w), c * y * cx - s * sx + 4 * x, tolerance);
            EXPECT_NEAR(lane(f.first[1], w), c * x * cx - 2 * y + 3, tolerance);
            EXPECT_NEAR(lane(f.second[packed(0, 0)], w), -s * y * y * cx - 2 * c * y * sx - s * cx + 4, tolerance);
            EXPECT_NEAR(lane(f.second[packed(1, 0)], w), -s * x * y * cx + c * cx - c * x * sx, tolerance);
            EXPECT_NEAR(lane(f.second[packed(1, 1)], w), -s * x * x * cx - 2, tolerance);
        }
    }
}

TEST(Dual, DifferencesOfItsOwnDerivatives) {
    using D = Dual<double, 3>;
    const auto f = [](const double* x) {
        D d[3];
        for (int i = 0; i < 3; ++i) d[i] = D::variable(x[i], i);
        return expression(d[0], d[1] * d[2]) * sin(d[2] - d[0]) + D::constant(2.0);
    };
    const double h = 1e-5;  // differences of order h^2, rounding eps / h: both below 1e-9
    const auto numbers = scattered<double>(-1.5, 1.5, 60);
    for (std::size_t k = 0; k < numbers.size(); k += 3) {
        double x[3] = {numbers[k], numbers[k + 1], numbers[k + 2]};
        const D at = f(x);
        for (int i = 0; i < 3; ++i) {
            const double here = x[i];
            x[i] = here + h;
            const D up = f(x);
            x[i] = here - h;
            const D down = f(x);
            x[i] = here;
            EXPECT_NEAR(at.first[i], (up.value - down.value) / (2 * h), 1e-8);
            for (int j = 0; j < 3; ++j)
                EXPECT_NEAR(at.second[packed(i, j)], (up.first[j] - down.first[j]) / (2 * h), 1e-8);
        }
    }
}

TEST(Dual, ConstantsDoNotMove) {
    using D = Dual<double, 2>;
    const D c = sin(D::constant(0.3) * D::constant(2.0));
    EXPECT_NEAR(c.value, std::sin(0.6), 1e-15);
    for (const double g : c.first) EXPECT_EQ(g, 0);
    for (const double g : c.second) EXPECT_EQ(g, 0);
}

}  // namespace
}  // namespace lnn
