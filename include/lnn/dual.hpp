// Numbers that carry their first and second derivatives along N directions: f, df/dx_i, d2f/dx_i dx_j.
// Physical systems run on them, so that a system is its Lagrangian and nothing else; the tests use them as an oracle.
//
// Source: forward-mode differentiation, as ceres-solver's jet.h, carried to second order by the chain rule
//   (g o f)_ij = g'(f) f_ij + g''(f) f_i f_j.
#pragma once

#include "lnn/dof.hpp"
#include "lnn/elementary.hpp"

namespace lnn::inline LNN_ISA {

template <Real R, int N>
struct Dual {
    R value;
    R first[N];
    R second[N * (N + 1) / 2];

    LNN_HD static Dual constant(R x) {
        Dual d;
        d.value = x;
        for (auto& g : d.first) g = R(0);
        for (auto& h : d.second) h = R(0);
        return d;
    }
    LNN_HD static Dual variable(R x, int i) {
        Dual d = constant(x);
        d.first[i] = R(1);
        return d;
    }
};

// g(f) from g, g', g'' at f
template <Real R, int N>
LNN_HD Dual<R, N> chain(const Dual<R, N>& f, R g, R g1, R g2) {
    Dual<R, N> r;
    r.value = g;
    for (int i = 0; i < N; ++i) {
        r.first[i] = g1 * f.first[i];
        for (int j = 0; j <= i; ++j)
            r.second[packed(i, j)] = g1 * f.second[packed(i, j)] + g2 * f.first[i] * f.first[j];
    }
    return r;
}

template <Real R, int N>
LNN_HD Dual<R, N> operator+(const Dual<R, N>& a, const Dual<R, N>& b) {
    Dual<R, N> r;
    r.value = a.value + b.value;
    for (int i = 0; i < N; ++i) r.first[i] = a.first[i] + b.first[i];
    for (int i = 0; i < N * (N + 1) / 2; ++i) r.second[i] = a.second[i] + b.second[i];
    return r;
}
template <Real R, int N>
LNN_HD Dual<R, N> operator*(double s, const Dual<R, N>& a) {
    return chain(a, R(s) * a.value, R(s), R(0));
}
template <Real R, int N>
LNN_HD Dual<R, N> operator-(const Dual<R, N>& a, const Dual<R, N>& b) {
    return a + -1.0 * b;
}
template <Real R, int N>
LNN_HD Dual<R, N> operator*(const Dual<R, N>& a, const Dual<R, N>& b) {
    Dual<R, N> r;
    r.value = a.value * b.value;
    for (int i = 0; i < N; ++i) {
        r.first[i] = a.first[i] * b.value + a.value * b.first[i];
        for (int j = 0; j <= i; ++j) {
            const int k = packed(i, j);
            r.second[k] =
                a.second[k] * b.value + a.first[i] * b.first[j] + a.first[j] * b.first[i] + a.value * b.second[k];
        }
    }
    return r;
}
template <Real R, int N>
LNN_HD Dual<R, N> operator+(const Dual<R, N>& a, double s) {
    Dual<R, N> r = a;
    r.value = r.value + R(s);
    return r;
}
template <Real R, int N>
LNN_HD Dual<R, N> operator-(const Dual<R, N>& a, double s) {
    Dual<R, N> r = a;
    r.value = r.value - R(s);
    return r;
}
template <Real R, int N>
LNN_HD Dual<R, N> operator-(const Dual<R, N>& a) {
    return -1.0 * a;
}
template <Real R, int N>
LNN_HD Dual<R, N> operator/(double s, const Dual<R, N>& x) {
    const R inverse = R(1) / x.value, g = R(s) * inverse;
    return chain(x, g, -g * inverse, R(2) * g * inverse * inverse);
}
template <Real R, int N>
LNN_HD Dual<R, N> operator/(const Dual<R, N>& a, const Dual<R, N>& b) {
    return a * (1.0 / b);
}

template <Real R, int N>
LNN_HD Dual<R, N> sin(const Dual<R, N>& x) {
    R s, c;
    sin_cos(x.value, s, c);
    return chain(x, s, c, -s);
}
template <Real R, int N>
LNN_HD Dual<R, N> cos(const Dual<R, N>& x) {
    R s, c;
    sin_cos(x.value, s, c);
    return chain(x, c, -s, -c);
}

template <Real R, int N>
LNN_HD Dual<R, N> tan(const Dual<R, N>& x) {
    R s, c;
    sin_cos(x.value, s, c);
    const R t = s / c, slope = mul_add(t, t, R(1));
    return chain(x, t, slope, R(2) * t * slope);
}
template <Real R, int N>
LNN_HD Dual<R, N> tanh(const Dual<R, N>& x) {
    const R t = hyperbolic_tangent(x.value), slope = (R(1) - t) * (R(1) + t);
    return chain(x, t, slope, R(-2) * t * slope);
}
template <Real R, int N>
LNN_HD Dual<R, N> exp(const Dual<R, N>& x) {
    const R e = exponential(x.value);
    return chain(x, e, e, e);
}
// NaN where x is not above 0
template <Real R, int N>
LNN_HD Dual<R, N> log(const Dual<R, N>& x) {
    const R inverse = R(1) / x.value;
    return chain(x, select(x.value > R(0), logarithm(x.value), R(NAN)), inverse, -inverse * inverse);
}
template <Real R, int N>
LNN_HD Dual<R, N> sqrt(const Dual<R, N>& x) {
    const R root = square_root(x.value), slope = R(0.5) / root;
    return chain(x, root, slope, R(-0.5) * slope / x.value);
}
// x^p: of a whole p by products, else NaN where x is not above 0
template <Real R, int N>
LNN_HD Dual<R, N> pow(const Dual<R, N>& x, double p) {
    if (p == 0) return Dual<R, N>::constant(R(1));
    const R up_to = power_of(x.value, p - 2);
    const R slope = up_to * x.value;
    return chain(x, p == 1 ? x.value : slope * x.value, R(p) * (p == 1 ? R(1) : slope),
                 p == 1 ? R(0) : R(p * (p - 1)) * up_to);
}

}  // namespace lnn::inline LNN_ISA
