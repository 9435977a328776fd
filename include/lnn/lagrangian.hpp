// Everything is a Lagrangian: a physical system and a network alike give, at a state (q, v), the same few terms, and
// from those come momentum, mass matrix, acceleration and energy, once for all of them.
//
//   p = dL/dv    M = d2L/dv dv    f = dL/dq - (d2L/dv dq) v    a = M^+ f    E = p . v - L
#pragma once

#include "lnn/dual.hpp"
#include "lnn/solve.hpp"

namespace lnn::inline LNN_ISA {

template <Real R, int N>
struct Terms {
    R mass[N * (N + 1) / 2];  // lower triangle by rows
    R force[N];               // f
    R momentum[N];            // p
    R value;                  // L
};

template <Real R, int N>
LNN_HD R energy(const Terms<R, N>& terms, const R* v) {
    R e = -terms.value;
    for (int i = 0; i < N; ++i) e = mul_add(terms.momentum[i], v[i], e);
    return e;
}

// terms of a system given by its Lagrangian: `System::lagrangian(parameters, q, v)` on duals along (q, v)
template <class System, Real R>
LNN_HD Terms<R, System::dof> system_terms(const double* parameters, const R* q, const R* v) {
    constexpr int N = System::dof;
    using D = Dual<R, 2 * N>;
    D qd[N], vd[N];
    for (int i = 0; i < N; ++i) {
        qd[i] = D::variable(q[i], i);
        vd[i] = D::variable(v[i], N + i);
    }
    const D L = System::lagrangian(parameters, qd, vd);
    Terms<R, N> terms;
    terms.value = L.value;
    for (int i = 0; i < N; ++i) {
        terms.momentum[i] = L.first[N + i];
        terms.force[i] = L.first[i];
        for (int j = 0; j <= i; ++j) terms.mass[packed(i, j)] = L.second[packed(N + i, N + j)];
        for (int j = 0; j < N; ++j) terms.force[i] = mul_add(-L.second[packed(N + i, j)], v[j], terms.force[i]);
    }
    return terms;
}

}  // namespace lnn::inline LNN_ISA
