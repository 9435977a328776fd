// exp, log1p, sin, cos and softplus against the 64-bit mantissa of libm's long double, on every Real.
#include "lnn/elementary.hpp"

#include "lnn/softplus.hpp"
#include "reals.hpp"

namespace lnn {
namespace {

template <class R>
struct ElementaryOn : testing::Test {
    using Number = ScalarOf<R>;
    static constexpr Number infinite = std::numeric_limits<Number>::infinity();
    static constexpr Number nan = std::numeric_limits<Number>::quiet_NaN();

    // largest |f - exact| / size, in units of eps
    template <class F, class Exact, class Size>
    static double error(const std::vector<Number>& x, F f, Exact exact, Size size) {
        const auto y = through<R>(x, f);
        double worst = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const long double e = std::fabs(y[i] - exact(static_cast<long double>(x[i])));
            const double units = double(e / size(static_cast<long double>(x[i])) / eps<Number>);
            if (!(units <= worst)) worst = units;
        }
        return worst;
    }
    template <class F, class Exact>
    static double relative_error(const std::vector<Number>& x, F f, Exact exact) {
        return error(x, f, exact, [&](long double at) { return std::fabs(exact(at)); });
    }
};
TYPED_TEST_SUITE(ElementaryOn, Reals);

// from which number on e^-z is zero here
template <class T>
constexpr T vanishes = -Elementary<T>::exp_low;

TYPED_TEST(ElementaryOn, ExpIsGoodToOneUnit) {
    using R = TypeParam;
    using E = Elementary<ScalarOf<R>>;
    const auto exact = [](long double x) { return std::exp(x); };
    // the sum 1 + r + r^2 p is rounded once (half a unit), its parts twenty times finer
    for (const auto& [low, high] : {std::pair<double, double>{E::exp_low, E::exp_high}, {-1, 1}, {-1e-3, 1e-3}})
        EXPECT_LT(this->relative_error(scattered<ScalarOf<R>>(low, high, 40000), exponential<R>, exact), 1.0);
}

TYPED_TEST(ElementaryOn, ExpAtItsEnds) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    using E = Elementary<T>;
    const T high = E::exp_high, low = E::exp_low;
    const auto y = through<R>({-this->infinite, this->infinite, this->nan, T(0), T(-0.0), low, high,
                               std::nextafter(low, T(-1e9)), std::nextafter(high, T(1e9)), T(-1e30), T(1e30)},
                              exponential<R>);
    EXPECT_EQ(y[0], 0);
    EXPECT_EQ(y[1], this->infinite);
    EXPECT_TRUE(std::isnan(y[2]));
    EXPECT_EQ(y[3], 1);
    EXPECT_EQ(y[4], 1);
    EXPECT_NEAR(y[5] / std::exp(low), 1, 4 * eps<T>);
    EXPECT_NEAR(y[6] / std::exp(high), 1, 4 * eps<T>);
    EXPECT_EQ(y[7], 0);
    EXPECT_EQ(y[8], this->infinite);
    EXPECT_EQ(y[9], 0);
    EXPECT_EQ(y[10], this->infinite);
}

TYPED_TEST(ElementaryOn, Log1pIsGoodToTwoUnits) {
    using R = TypeParam;
    const auto exact = [](long double x) { return std::log1p(x); };
    // the polynomial's last sum and the product with e, each rounded; coefficients to 1e-9 (float) of 6e-8
    for (const double high : {1.0, 1e-3, 1e-20})
        EXPECT_LT(this->relative_error(scattered<ScalarOf<R>>(high / 1e3, high, 40000), log1p_unit<R>, exact), 2.0);
    const auto ends = through<R>({0, 1, this->nan}, log1p_unit<R>);
    EXPECT_EQ(ends[0], 0);
    EXPECT_NEAR(ends[1], std::log(2.0L), 2 * eps<ScalarOf<R>>);
    EXPECT_TRUE(std::isnan(ends[2]));
}

TYPED_TEST(ElementaryOn, LogarithmIsGoodToTwoUnits) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    const auto exact = [](long double x) { return std::log(x); };
    const auto size = [](long double x) { return std::max(1.0L, std::fabs(std::log(x))); };
    for (const double high : {2.0, 1e-6, 1e30})
        EXPECT_LT(this->error(scattered<T>(high / 1e3, high, 40000), logarithm<R>, exact, size), 2.0);
}

TYPED_TEST(ElementaryOn, ArcTangentIsGoodToThreeUnits) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    const auto exact = [](long double x) { return std::atan(x); };
    for (const double range : {1e-3, 0.7, 3.0, 1e3, 1e30})
        EXPECT_LT(this->relative_error(scattered<T>(-range, range, 20000), arc_tangent<R>, exact), 3.0) << range;
    const auto ends = through<R>({-this->infinite, this->infinite, this->nan, T(0)}, arc_tangent<R>);
    EXPECT_NEAR(ends[0], -1.5707963267948966, 2 * eps<T>);
    EXPECT_NEAR(ends[1], 1.5707963267948966, 2 * eps<T>);
    EXPECT_TRUE(std::isnan(ends[2]));
    EXPECT_EQ(ends[3], 0);
}

// whatever x is, of every whole p: the sign is that of an odd or an even power
TYPED_TEST(ElementaryOn, WholePowersAreProducts) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    const auto power = [](std::vector<T> x, double p) { return through<R>(x, [&](R z) { return power_of(z, p); }); };
    for (const double p : {1.0, 63.0, 64.0, 65.0, 67.0, 1001.0, 0x1p29, 0x1p29 + 1, 0x1p30 - 1, 0x1p30})
        for (const double sign : {1.0, -1.0}) {
            const auto y = power({-1, 0, 1}, sign * p);
            EXPECT_EQ(y[0], std::fmod(p, 2) == 1 ? -1 : 1) << p;
            EXPECT_EQ(std::abs(y[1]), sign > 0 ? 0 : this->infinite) << p;
            EXPECT_EQ(y[2], 1) << p;
        }
    // of others there is no sign
    for (const double p : {0.5, -66.5, 0x1p30 + 1}) {
        const auto y = power({-1, 1}, p);
        EXPECT_TRUE(std::isnan(y[0])) << p;
        EXPECT_EQ(y[1], 1) << p;
    }
    // each product is rounded, and doubles the errors of its factors
    auto x = scattered<T>(0.5, 1.2, 5000);
    for (std::size_t i = 0; i < x.size(); i += 2) x[i] = -x[i];
    for (const int p : {2, 3, 64, 65, 101})
        EXPECT_LT(this->relative_error(
                      x, [p](R z) { return power_of(z, p); }, [p](long double at) { return std::pow(at, p); }),
                  p);
}

template <class R>
R sine(R x) {
    R s, c;
    sin_cos(x, s, c);
    return s;
}
template <class R>
R cosine(R x) {
    R s, c;
    sin_cos(x, s, c);
    return c;
}

// relative to the value itself, also beside its zeros: the argument is reduced by three words of pi / 2
TYPED_TEST(ElementaryOn, SineAndCosineAreGoodToTwoUnits) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    using E = Elementary<T>;
    std::vector<T> x;
    for (const double range : {1.0, 10.0, 1e3, double(E::angle_limit)})
        for (const T y : scattered<T>(-range, range, 20000)) x.push_back(y);
    // the numbers nearest to multiples of pi / 2
    for (int k = 1; k < 60000; k += 7) x.push_back(T(k * 1.5707963267948966192L));
    EXPECT_LT(this->relative_error(x, sine<R>, [](long double at) { return std::sin(at); }), 2.0);
    EXPECT_LT(this->relative_error(x, cosine<R>, [](long double at) { return std::cos(at); }), 2.0);
}

TYPED_TEST(ElementaryOn, SineAndCosineEndAtTheAngleLimit) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    const T limit = Elementary<T>::angle_limit, beyond = std::nextafter(limit, T(1e30));
    const auto s =
        through<R>({limit, -limit, beyond, -beyond, T(1e30), this->infinite, -this->infinite, this->nan}, sine<R>);
    const auto c =
        through<R>({limit, -limit, beyond, -beyond, T(1e30), this->infinite, -this->infinite, this->nan}, cosine<R>);
    for (int i = 0; i < 8; ++i) {
        EXPECT_EQ(std::isnan(s[i]), i >= 2) << i;
        EXPECT_EQ(std::isnan(c[i]), i >= 2) << i;
    }
    EXPECT_EQ(through<R>({0}, sine<R>)[0], 0);
    EXPECT_EQ(through<R>({0}, cosine<R>)[0], 1);
}

// closed forms that do not cancel
long double softplus_exact(long double z) { return (z > 0 ? z : 0) + std::log1p(std::exp(-std::fabs(z))); }
long double s1_exact(long double z) { return z > 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z)); }
long double s2_exact(long double z) { return s1_exact(z) * s1_exact(-z); }
long double s3_exact(long double z) { return -s2_exact(z) * std::tanh(z / 2); }

TYPED_TEST(ElementaryOn, SoftplusAndItsDerivatives) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    std::vector<T> x;
    for (const double range : {0.5, 5.0, 20.0, 80.0, double(vanishes<T>)})
        for (const T z : scattered<T>(-range, range, 10000)) x.push_back(z);
    for (const T z : {15, -15, 80, -80}) x.push_back(z);
    if (vanishes < T >> 700) x.insert(x.end(), {700, -700});
    // each is a few roundings of e = e^-|z|: the exponential, 1 + e, the quotient, one or two products
    EXPECT_LT(this->relative_error(
                  x, [](R z) { return softplus(z).y; }, softplus_exact),
              3.0);
    EXPECT_LT(this->relative_error(
                  x, [](R z) { return softplus(z).s1; }, s1_exact),
              3.0);
    EXPECT_LT(this->relative_error(
                  x, [](R z) { return softplus(z).s2; }, s2_exact),
              4.0);
    // s3 passes through zero with 1 - e, which is good to a unit of 1: relative to s2 there, to itself
    // elsewhere
    EXPECT_LT(this->error(
                  x, [](R z) { return softplus(z).s3; }, s3_exact,
                  [](long double z) { return std::fabs(z) < 1 ? s2_exact(z) : std::fabs(s3_exact(z)); }),
              6.0);
}

TYPED_TEST(ElementaryOn, ThirdDerivativeDoesNotCancelAtFifteen) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    for (const T z : {T(15), T(-15)}) {
        const T s3 = through<R>({z}, [](R at) { return softplus(at).s3; })[0];
        EXPECT_NEAR(s3 / s3_exact(z), 1, 6 * eps<T>);
    }
}

TYPED_TEST(ElementaryOn, SoftplusFarOut) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    const T far = 2 * vanishes<T>;
    std::vector<T> y[4];
    for (int k = 0; k < 4; ++k)
        y[k] = through<R>({far, -far, this->infinite, -this->infinite, this->nan}, [k](R z) {
            const auto f = softplus(z);
            return k == 0 ? f.y : k == 1 ? f.s1 : k == 2 ? f.s2 : f.s3;
        });
    EXPECT_EQ(y[0][0], far);
    EXPECT_EQ(y[0][1], 0);
    EXPECT_EQ(y[0][2], this->infinite);
    EXPECT_EQ(y[0][3], 0);
    for (const int i : {0, 2}) EXPECT_EQ(y[1][i], 1);
    for (const int i : {1, 3}) EXPECT_EQ(y[1][i], 0);
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(y[2][i], 0);
        EXPECT_EQ(y[3][i], 0);
    }
    for (int k = 0; k < 4; ++k) EXPECT_TRUE(std::isnan(y[k][4])) << k;
}

// a lane is a scalar: nothing depends on the neighbours or on the width
TYPED_TEST(ElementaryOn, LanesHaveTheScalarsBits) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    auto x = scattered<T>(-30, 30, 5000);
    for (const T y : scattered<T>(-2e5, 2e5, 5000)) x.push_back(y);
    for (const T y : {T(0), this->infinite, -this->infinite, this->nan, T(88), T(-87), T(709), T(-708), T(1e-30)})
        x.push_back(y);
    const auto check = [&](const char* name, auto f) {
        const auto lanes = through<R>(x, [&](R z) { return f(z); }), scalars = through<T>(x, [&](T z) { return f(z); });
        for (std::size_t i = 0; i < x.size(); ++i)
            ASSERT_TRUE(same(lanes[i], scalars[i])) << name << "(" << x[i] << ")";
    };
    check("exp", [](auto z) { return exponential(z); });
    check("log1p", [](auto z) { return log1p_unit(z); });
    check("sin", [](auto z) { return sine(z); });
    check("cos", [](auto z) { return cosine(z); });
    check("log", [](auto z) { return logarithm(z); });
    check("tanh", [](auto z) { return hyperbolic_tangent(z); });
    for (const double p : {-67.0, -3.0, -0.5, 0.0, 2.5, 64.0, 65.0, 1e6, 0x1p31})
        check("power", [p](auto z) { return power_of(z, p); });
    check("softplus", [](auto z) { return softplus(z).y; });
    check("s1", [](auto z) { return softplus(z).s1; });
    check("s2", [](auto z) { return softplus(z).s2; });
    check("s3", [](auto z) { return softplus(z).s3; });
}

}  // namespace
}  // namespace lnn
