// The one exp, log, sin, cos, tanh and atan of CPU lanes and CUDA threads: polynomials with explicit fused products, so
// that every machine with a fused product gives the same bits.
//
// Coefficients: interpolation at Chebyshev nodes, computed with 60 digits; the error of each polynomial
// stands beside it. Arguments are reduced by multiples of ln 2 and pi/2 held in two and three words.
#pragma once

#include "lnn/real.hpp"

namespace lnn::inline LNN_ISA {

// c[0] + c[1] x + ...; by value, since CUDA threads see no static arrays
template <class T, int N>
struct Polynomial {
    T c[N];
};
template <class T, class... U>
Polynomial(T, U...) -> Polynomial<T, 1 + sizeof...(U)>;

template <class T>
struct Elementary;

template <>
struct Elementary<float> {
    using Integer = std::int32_t;
    static constexpr float round = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, held in the low bits
    static constexpr int mantissa = 23, bias = 127;
    static constexpr float log2e = 0x1.715476p+0f, ln2[2] = {0x1.62e43p-1f, -0x1.05c61p-29f};
    static constexpr float two_over_pi = 0x1.45f306p-1f, pio2[3] = {0x1.921fb6p+0f, -0x1.777a5cp-25f, -0x1.ee59dap-50f};
    static constexpr float exp_low = -87.0f, exp_high = 88.37f, angle_limit = 1e5f;
    // (exp(r) - 1 - r) / r^2 on |r| <= ln2 / 2: 2.2e-10
    LNN_HD static constexpr auto exp() {
        return Polynomial{0.50000000134658092f,    0.166666666816232314f,   0.0416664649252859054f,
                          0.00833331092548090083f, 0.00139336499963092504f, 0.000198909908246736538f};
    }
    // log1p(e) / e on 0 <= e <= 1: 8.4e-10
    LNN_HD static constexpr auto log1p() {
        return Polynomial{0.99999999915568227f,    -0.499999794913912286f,  0.333324975435265186f,
                          -0.249864964594099269f,  0.198858202850084513f,   -0.160876230092957309f,
                          0.123779958678715106f,   -0.0818804092358284318f, 0.0410065736939583921f,
                          -0.0131878265655783874f, 0.00198669659365346074f};
    }
    // (sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4 in r^2, |r| <= pi / 4: 1.9e-11, 1.1e-9
    LNN_HD static constexpr auto sin() {
        return Polynomial{-0.166666666638530442f, 0.0083333318738371317f, -0.000198400862637790246f,
                          2.72498646581968235e-6f};
    }
    LNN_HD static constexpr auto cos() {
        return Polynomial{0.0416666646583004811f, -0.00138883028023208403f, 0.000024547891622336995f};
    }
};

template <>
struct Elementary<double> {
    using Integer = std::int64_t;
    static constexpr double round = 6755399441055744.0;  // 1.5 * 2^52
    static constexpr int mantissa = 52, bias = 1023;
    static constexpr double log2e = 0x1.71547652b82fep+0, ln2[2] = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
    static constexpr double two_over_pi = 0x1.45f306dc9c883p-1,
                            pio2[3] = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110};
    static constexpr double exp_low = -708.0, exp_high = 709.43, angle_limit = 1e9;
    // 2.2e-19
    LNN_HD static constexpr auto exp() {
        return Polynomial{0.5,
                          0.16666666666666671,
                          0.0416666666666666698,
                          0.00833333333332613513,
                          0.00138888888888837483,
                          0.000198412698748206253,
                          0.0000248015873255477412,
                          2.75572554002064244e-6,
                          2.75572736431102953e-7,
                          2.51052170047207452e-8,
                          2.09146869680868772e-9};
    }
    // 2.8e-19
    LNN_HD static constexpr auto log1p() {
        return Polynomial{1.0,
                          -0.499999999999999701,
                          0.333333333333280501,
                          -0.249999999996271555,
                          0.199999999859843131,
                          -0.16666666341888502,
                          0.142857092206460805,
                          -0.12499943655343673,
                          0.11110645369441435,
                          -0.0999705228766596702,
                          0.0907629653477789814,
                          -0.0827558648415950073,
                          0.0750779240195603247,
                          -0.0666047052801388773,
                          0.056236352954791616,
                          -0.0436408781412111784,
                          0.0299372107385098119,
                          -0.0174303282915171523,
                          0.00824754528791318488,
                          -0.00301272519099497279,
                          0.000791112094334202532,
                          -0.000132207521713007561,
                          0.0000105231354812716999};
    }
    // 7.9e-21, 6.9e-19
    LNN_HD static constexpr auto sin() {
        return Polynomial{-0.166666666666666667,   0.00833333333333333149, -0.000198412698412650602,
                          2.75573192193354536e-6,  -2.505210623115797e-8,  1.60585314145992311e-10,
                          -7.58668507069361736e-13};
    }
    LNN_HD static constexpr auto cos() {
        return Polynomial{0.0416666666666666654,   -0.00138888888888873957, 0.0000248015872987634333,
                          -2.75573172705603825e-7, 2.08761460247019329e-9,  -1.13826148694341283e-11};
    }
};

template <Real R, class T, int N>
LNN_HD R polynomial(const Polynomial<T, N>& p, R x) {
    R sum(p.c[N - 1]);
    LNN_UNROLL
    for (int i = N - 2; i >= 0; --i) sum = mul_add(sum, x, R(p.c[i]));
    return sum;
}

// e^x; 0 below exp_low, infinity above exp_high (where 2^n would leave the normal numbers), NaN stays
template <Real R>
LNN_HD R exponential(R x) {
    using E = Elementary<ScalarOf<R>>;
    using Integer = typename E::Integer;
    const R shifted = mul_add(x, R(E::log2e), R(E::round));
    const R n = shifted - R(E::round);
    const R r = fused(n, R(-E::ln2[1]), fused(n, R(-E::ln2[0]), x));
    const R p = mul_add(r * r, polynomial(E::exp(), r), r) + R(1);
    const R power = from_bits((bits(shifted) + Integer(E::bias)) << E::mantissa);  // 2^n
    const R y = p * power;
    return select(x < R(E::exp_low), R(0), select(x > R(E::exp_high), R(HUGE_VAL), y));
}

// log(1 + e) for 0 <= e <= 1
template <Real R>
LNN_HD R log1p_unit(R e) {
    return e * polynomial(Elementary<ScalarOf<R>>::log1p(), e);
}

// log(x) of a normal number above 0, to about a unit of the larger of 1 and |log x|
template <Real R>
LNN_HD R logarithm(R x) {
    using T = ScalarOf<R>;
    using E = Elementary<T>;
    const auto one = bits(T(1)), mantissa = (decltype(one)(1) << E::mantissa) - 1;
    // x = 2^n m with 1 <= m < 2; the sum with `round` holds the integer in its low bits
    const R n = from_bits((bits(x) >> E::mantissa) + bits(T(E::round))) - R(T(E::round + E::bias));
    const R m = from_bits((bits(x) & mantissa) + one);
    return mul_add(n, R(E::ln2[0]), mul_add(n, R(E::ln2[1]), log1p_unit(m - R(1))));
}

// sine and cosine together; NaN beyond angle_limit (1e5 rad in float32, 1e9 in float64), where a state has
// diverged
template <Real R>
LNN_HD void sin_cos(R x, R& s, R& c) {
    using E = Elementary<ScalarOf<R>>;
    using Integer = typename E::Integer;
    const R shifted = mul_add(x, R(E::two_over_pi), R(E::round));
    const R n = shifted - R(E::round);
    const R r = fused(n, R(-E::pio2[2]), fused(n, R(-E::pio2[1]), fused(n, R(-E::pio2[0]), x)));
    const R t = r * r;
    const R sine = mul_add(r * t, polynomial(E::sin(), t), r);
    const R cosine = mul_add(t * t, polynomial(E::cos(), t), mul_add(t, R(-0.5), R(1)));
    const auto quadrant = bits(shifted);
    const auto odd = (quadrant & Integer(1)) != Integer(0);
    const R a = select(odd, cosine, sine), b = select(odd, sine, cosine);
    const R nan = select(absolute(x) <= R(E::angle_limit), R(0), R(NAN));
    s = select((quadrant & Integer(2)) != Integer(0), -a, a) + nan;
    c = select(((quadrant + Integer(1)) & Integer(2)) != Integer(0), -b, b) + nan;
}

// tanh(x): by Lambert's continued fraction where the exponential would cancel
template <Real R>
LNN_HD R hyperbolic_tangent(R x) {
    const R size = absolute(x), square = x * x, e = exponential(R(-2) * size);
    R fraction(15);
    LNN_UNROLL
    for (int k = 13; k >= 1; k -= 2) fraction = R(k) + square / fraction;
    const R far = (R(1) - e) / (R(1) + e);
    return select(size < R(0.5), x / fraction, select(x < R(0), -far, far));
}

// atan(x), to about two units of the last place of float64: reduced to |t| <= tan(pi / 8) by the addition theorem, there a
// rational function (Moshier, Methods and Programs for Mathematical Functions, 1989: atan of Cephes)
template <Real R>
LNN_HD R arc_tangent(R x) {
    using T = ScalarOf<R>;
    const R size = absolute(x);
    const auto steep = size > R(T(2.41421356237309504880));  // tan(3 pi / 8)
    const auto middle = (size > R(T(0.66))) & !steep;
    const R t = select(steep, R(-1) / size, select(middle, (size - R(1)) / (size + R(1)), size));
    const R quarter(T(0.78539816339744830962)), half(T(1.57079632679489661923));
    const R start = select(steep, half, select(middle, quarter, R(0)));
    const R z = t * t;
    const R above = polynomial(
        Polynomial{T(-6.485021904942025371773e1), T(-1.228866684490136173410e2), T(-7.500855792314704667340e1),
                   T(-1.615753718733365076637e1), T(-8.750608600031904122785e-1)},
        z);
    const R below =
        polynomial(Polynomial{T(1.945506571482613964425e2), T(4.853903996359136964868e2), T(4.328810604912902668951e2),
                              T(1.650270098316988542046e2), T(2.485846490142306297962e1), T(1)},
                   z);
    const R y = start + mul_add(t * z, above / below, t);
    return select(x < R(0), -y, y);
}

// x^p: of a whole p by products, whatever x is; else of x above 0, NaN elsewhere
template <Real R>
LNN_HD R power_of(R x, double p) {
    const double size = p < 0 ? -p : p;
    constexpr double most = 1 << 30;  // what an int holds
    if (size <= most && size == double(int(size))) {
        R product(1), base = p < 0 ? R(1) / x : x;
        for (int n = int(size); n > 0; n /= 2, base = base * base)
            if (n % 2) product = product * base;
        return product;
    }
    return select(x > R(0), exponential(R(ScalarOf<R>(p)) * logarithm(x)), R(NAN));
}

}  // namespace lnn::inline LNN_ISA
