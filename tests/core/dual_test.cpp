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

// value and both derivatives of functions of one variable against their closed forms
struct Function {
    const char* name;
    Dual<double, 1> (*dual)(const Dual<double, 1>&);
    double (*value)(double);
    double (*slope)(double);
    double (*curvature)(double);
};
TEST(Dual, FunctionsOfTextBooks) {
    using D = Dual<double, 1>;
    const Function all[] = {
        {"tan", [](const D& x) { return tan(x); }, [](double x) { return std::tan(x); },
         [](double x) { return 1 / (std::cos(x) * std::cos(x)); },
         [](double x) { return 2 * std::tan(x) / (std::cos(x) * std::cos(x)); }},
        {"tanh", [](const D& x) { return tanh(x); }, [](double x) { return std::tanh(x); },
         [](double x) { return 1 / (std::cosh(x) * std::cosh(x)); },
         [](double x) { return -2 * std::tanh(x) / (std::cosh(x) * std::cosh(x)); }},
        {"atan", [](const D& x) { return atan(x); }, [](double x) { return std::atan(x); },
         [](double x) { return 1 / (1 + x * x); }, [](double x) { return -2 * x / ((1 + x * x) * (1 + x * x)); }},
        {"asin(x/3)", [](const D& x) { return asin((1.0 / 3) * x); }, [](double x) { return std::asin(x / 3); },
         [](double x) { return 1 / std::sqrt(9 - x * x); }, [](double x) { return x * std::pow(9 - x * x, -1.5); }},
        {"acos(x/3)", [](const D& x) { return acos((1.0 / 3) * x); }, [](double x) { return std::acos(x / 3); },
         [](double x) { return -1 / std::sqrt(9 - x * x); }, [](double x) { return -x * std::pow(9 - x * x, -1.5); }},
        {"abs", [](const D& x) { return abs(x); }, [](double x) { return std::fabs(x); },
         [](double x) { return x < 0 ? -1.0 : 1.0; }, [](double) { return 0.0; }},
        {"exp", [](const D& x) { return exp(x); }, [](double x) { return std::exp(x); },
         [](double x) { return std::exp(x); }, [](double x) { return std::exp(x); }},
        {"log", [](const D& x) { return log(x); }, [](double x) { return std::log(x); }, [](double x) { return 1 / x; },
         [](double x) { return -1 / (x * x); }},
        {"sqrt", [](const D& x) { return sqrt(x); }, [](double x) { return std::sqrt(x); },
         [](double x) { return 0.5 / std::sqrt(x); }, [](double x) { return -0.25 * std::pow(x, -1.5); }},
        {"x^3", [](const D& x) { return pow(x, 3); }, [](double x) { return x * x * x; },
         [](double x) { return 3 * x * x; }, [](double x) { return 6 * x; }},
        {"x^1", [](const D& x) { return pow(x, 1); }, [](double x) { return x; }, [](double) { return 1.0; },
         [](double) { return 0.0; }},
        {"x^0", [](const D& x) { return pow(x, 0); }, [](double) { return 1.0; }, [](double) { return 0.0; },
         [](double) { return 0.0; }},
        {"x^-2", [](const D& x) { return pow(x, -2); }, [](double x) { return 1 / (x * x); },
         [](double x) { return -2 / (x * x * x); }, [](double x) { return 6 / (x * x * x * x); }},
        {"x^67", [](const D& x) { return pow(x, 67); }, [](double x) { return std::pow(x, 67); },
         [](double x) { return 67 * std::pow(x, 66); }, [](double x) { return 67 * 66 * std::pow(x, 65); }},
        {"x^1.5", [](const D& x) { return pow(x, 1.5); }, [](double x) { return std::pow(x, 1.5); },
         [](double x) { return 1.5 * std::sqrt(x); }, [](double x) { return 0.75 / std::sqrt(x); }},
        {"2/x", [](const D& x) { return 2.0 / x; }, [](double x) { return 2 / x; },
         [](double x) { return -2 / (x * x); }, [](double x) { return 4 / (x * x * x); }},
        {"-x + 1", [](const D& x) { return -x + 1.0; }, [](double x) { return 1 - x; }, [](double) { return -1.0; },
         [](double) { return 0.0; }}};
    for (const Function& f : all)
        for (const double x : {1e-7, 1e-3, 0.2, 0.49, 0.51, 1.0, 1.3, 2.5, -0.3, -1.7}) {
            const D found = f.dual(D::variable(x, 0));
            const double expected[] = {f.value(x), f.slope(x), f.curvature(x)};
            if (!std::isfinite(expected[0])) {  // a logarithm, a root or a power of what is below 0
                EXPECT_TRUE(std::isnan(found.value)) << f.name << " of " << x;
                continue;
            }
            const double got[] = {found.value, found.first[0], found.second[0]};
            for (int k = 0; k < 3; ++k)
                EXPECT_NEAR(got[k], expected[k], 2e-14 * std::abs(expected[k])) << f.name << " of " << x << ", " << k;
        }
}

// a number that says how many of its directions there are
TEST(Dual, OfSomeDirections) {
    const auto f = [](const auto& x, const auto& y) { return atan(x * y) / exp(y) - pow(x, 3) + (1.5 - y) * sqrt(x); };
    using Some = Dual<double, 7, true>;
    const Some some = f(Some::variable(1.3, 0, 2), Some::variable(0.4, 1, 2));
    const auto all = f(Dual<double, 2>::variable(1.3, 0), Dual<double, 2>::variable(0.4, 1));
    ASSERT_EQ(some.directions(), 2);
    EXPECT_EQ(some.value, all.value);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(some.first[i], all.first[i]);
    for (int k = 0; k < 3; ++k) EXPECT_EQ(some.second[k], all.second[k]);
    Some copy;
    copy = some;
    EXPECT_EQ(copy.directions(), 2);
    EXPECT_EQ(copy.second[2], all.second[2]);
}

TEST(Dual, QuotientsOfTwoVariables) {
    using D = Dual<double, 2>;
    const double x = 1.7, y = -0.6;
    const D f = D::variable(x, 0) / D::variable(y, 1);
    EXPECT_NEAR(f.value, x / y, 1e-15);
    EXPECT_NEAR(f.first[0], 1 / y, 1e-15);
    EXPECT_NEAR(f.first[1], -x / (y * y), 1e-14);
    EXPECT_EQ(f.second[packed(0, 0)], 0);
    EXPECT_NEAR(f.second[packed(1, 0)], -1 / (y * y), 1e-14);
    EXPECT_NEAR(f.second[packed(1, 1)], 2 * x / (y * y * y), 1e-13);
}

TYPED_TEST(DualOn, TextBookFunctionsHaveTheScalarsBits) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    const auto xs = scattered<T>(T(0.1), 2, 64, 5);
    const auto f = [](const auto& x) {
        return tan(x) + tanh(x) * exp(x) - log(x) / sqrt(x) + pow(x, 2.5) + 1.0 / (pow(x, -3) + 0.5);
    };
    for (std::size_t k = 0; k < xs.size(); k += width_of<R>) {
        const auto many = f(Dual<R, 1>::variable(load<R>(&xs[k]), 0));
        for (int w = 0; w < width_of<R>; ++w) {
            const auto one = f(Dual<T, 1>::variable(xs[k + w], 0));
            EXPECT_EQ(lane(many.value, w), one.value);
            EXPECT_EQ(lane(many.first[0], w), one.first[0]);
            EXPECT_EQ(lane(many.second[0], w), one.second[0]);
        }
    }
}

}  // namespace
}  // namespace lnn
