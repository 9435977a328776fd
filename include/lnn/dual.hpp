// Numbers that carry their first and second derivatives along N directions, or along as many of them as are said where the
// number is made: f, df/dx_i, d2f/dx_i dx_j.
// Physical systems run on them, so that a system is its Lagrangian and nothing else; the tests use them as an oracle.
//
// Source: forward-mode differentiation, as ceres-solver's jet.h, carried to second order by the chain rule
//   (g o f)_ij = g'(f) f_ij + g''(f) f_i f_j.
#pragma once

#include "lnn/dof.hpp"
#include "lnn/elementary.hpp"

namespace lnn::inline LNN_ISA {

// how many directions there are: N, or, where `some`, what the number says
template <int N, bool some>
struct Directed {
    LNN_HD explicit Directed(int) {}
    LNN_HD static constexpr int directions() { return N; }
};
template <int N>
struct Directed<N, true> {
    LNN_HD explicit Directed(int n) : directions_(n) {}
    LNN_HD int directions() const { return directions_; }

  private:
    int directions_;
};

template <Real R, int N, bool some = false>
struct Dual : Directed<N, some> {
    R value;
    R first[N];
    R second[N * (N + 1) / 2];

    // of nothing yet
    LNN_HD explicit Dual(int directions = N) : Directed<N, some>(directions) {}
    // of the directions that there are
    LNN_HD Dual(const Dual& other) : Directed<N, some>(other) { take(other); }
    LNN_HD Dual& operator=(const Dual& other) {
        Directed<N, some>::operator=(other);
        take(other);
        return *this;
    }
    LNN_HD static Dual constant(R x, int directions = N) {
        Dual d(directions);
        d.value = x;
        for (int i = 0; i < d.directions(); ++i) d.first[i] = R(0);
        for (int k = 0; k < packed_size(d.directions()); ++k) d.second[k] = R(0);
        return d;
    }
    LNN_HD static Dual variable(R x, int i, int directions = N) {
        Dual d = constant(x, directions);
        d.first[i] = R(1);
        return d;
    }

  private:
    LNN_HD void take(const Dual& other) {
        const int n = other.directions();
        value = other.value;
        for (int i = 0; i < n; ++i) first[i] = other.first[i];
        for (int k = 0; k < packed_size(n); ++k) second[k] = other.second[k];
    }
};

// g(f) from g, g', g'' at f
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> chain(const Dual<R, N, some>& f, R g, R g1, R g2) {
    const int n = f.directions();
    Dual<R, N, some> r(n);
    r.value = g;
    for (int i = 0; i < n; ++i) {
        r.first[i] = g1 * f.first[i];
        for (int j = 0; j <= i; ++j)
            r.second[packed(i, j)] = g1 * f.second[packed(i, j)] + g2 * f.first[i] * f.first[j];
    }
    return r;
}

template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> operator+(const Dual<R, N, some>& a, const Dual<R, N, some>& b) {
    const int n = a.directions();
    Dual<R, N, some> r(n);
    r.value = a.value + b.value;
    for (int i = 0; i < n; ++i) r.first[i] = a.first[i] + b.first[i];
    for (int i = 0; i < packed_size(n); ++i) r.second[i] = a.second[i] + b.second[i];
    return r;
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> operator*(double s, const Dual<R, N, some>& a) {
    return chain(a, R(s) * a.value, R(s), R(0));
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> operator-(const Dual<R, N, some>& a, const Dual<R, N, some>& b) {
    return a + -1.0 * b;
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> operator*(const Dual<R, N, some>& a, const Dual<R, N, some>& b) {
    const int n = a.directions();
    Dual<R, N, some> r(n);
    r.value = a.value * b.value;
    for (int i = 0; i < n; ++i) {
        r.first[i] = a.first[i] * b.value + a.value * b.first[i];
        for (int j = 0; j <= i; ++j) {
            const int k = packed(i, j);
            r.second[k] =
                a.second[k] * b.value + a.first[i] * b.first[j] + a.first[j] * b.first[i] + a.value * b.second[k];
        }
    }
    return r;
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> operator+(const Dual<R, N, some>& a, double s) {
    Dual<R, N, some> r = a;
    r.value = r.value + R(s);
    return r;
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> operator-(const Dual<R, N, some>& a, double s) {
    Dual<R, N, some> r = a;
    r.value = r.value - R(s);
    return r;
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> operator-(const Dual<R, N, some>& a) {
    return -1.0 * a;
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> operator-(double s, const Dual<R, N, some>& a) {
    return -a + s;
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> operator/(double s, const Dual<R, N, some>& x) {
    const R inverse = R(1) / x.value, g = R(s) * inverse;
    return chain(x, g, -g * inverse, R(2) * g * inverse * inverse);
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> operator/(const Dual<R, N, some>& a, const Dual<R, N, some>& b) {
    return a * (1.0 / b);
}

template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> sin(const Dual<R, N, some>& x) {
    R s, c;
    sin_cos(x.value, s, c);
    return chain(x, s, c, -s);
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> cos(const Dual<R, N, some>& x) {
    R s, c;
    sin_cos(x.value, s, c);
    return chain(x, c, -s, -c);
}

template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> tan(const Dual<R, N, some>& x) {
    R s, c;
    sin_cos(x.value, s, c);
    const R t = s / c, slope = mul_add(t, t, R(1));
    return chain(x, t, slope, R(2) * t * slope);
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> atan(const Dual<R, N, some>& x) {
    const R slope = R(1) / mul_add(x.value, x.value, R(1));
    return chain(x, arc_tangent(x.value), slope, R(-2) * x.value * slope * slope);
}
// NaN where |x| is not below 1, as are its derivatives there
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> asin(const Dual<R, N, some>& x) {
    const R slope = R(1) / square_root((R(1) - x.value) * (R(1) + x.value));
    return chain(x, arc_tangent(x.value * slope), slope, x.value * slope * slope * slope);
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> acos(const Dual<R, N, some>& x) {
    return 1.5707963267948966 - asin(x);
}
// the derivatives at 0 are those from above
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> abs(const Dual<R, N, some>& x) {
    return chain(x, absolute(x.value), select(x.value < R(0), R(-1), R(1)), R(0));
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> tanh(const Dual<R, N, some>& x) {
    const R t = hyperbolic_tangent(x.value), slope = (R(1) - t) * (R(1) + t);
    return chain(x, t, slope, R(-2) * t * slope);
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> exp(const Dual<R, N, some>& x) {
    const R e = exponential(x.value);
    return chain(x, e, e, e);
}
// NaN where x is not above 0
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> log(const Dual<R, N, some>& x) {
    const R inverse = R(1) / x.value;
    return chain(x, select(x.value > R(0), logarithm(x.value), R(NAN)), inverse, -inverse * inverse);
}
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> sqrt(const Dual<R, N, some>& x) {
    const R root = square_root(x.value), slope = R(0.5) / root;
    return chain(x, root, slope, R(-0.5) * slope / x.value);
}
// x^p: of a whole p by products, else NaN where x is not above 0
template <Real R, int N, bool some>
LNN_HD Dual<R, N, some> pow(const Dual<R, N, some>& x, double p) {
    if (p == 0) return chain(x, R(1), R(0), R(0));
    const R up_to = power_of(x.value, p - 2);
    const R slope = up_to * x.value;
    return chain(x, p == 1 ? x.value : slope * x.value, R(p) * (p == 1 ? R(1) : slope),
                 p == 1 ? R(0) : R(p * (p - 1)) * up_to);
}

}  // namespace lnn::inline LNN_ISA
