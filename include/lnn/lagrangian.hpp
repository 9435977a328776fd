// Everything is a Lagrangian: a physical system and a network alike give, at a state (q, v), the same few terms, and
// from those come momentum, mass matrix, acceleration and energy, and the gradient of a loss, once for all of them.
//
//   p = dL/dv    M = d2L/dv dv    f = dL/dq - (d2L/dv dq) v    a = M^+ f    E = p . v - L
//
// Generalised forces u that act from outside add to f; those that a given acceleration needs are M a - f.
//
// Gradient of a loss l(a) with r = dl/da, lambda = M^-1 r and a held constant, by the implicit function theorem:
//
//   dl/dtheta = d/dtheta { DL[P] - D2L[A, B] },   P = (lambda, 0),  A = (0, lambda),  B = (v, a)
#pragma once

#include "lnn/dual.hpp"
#include "lnn/solve.hpp"

namespace lnn::inline LNN_ISA {

template <Real R, int N>
struct Terms {
    R mass[packed_size(most_dof<N>)];  // lower triangle by rows
    R force[most_dof<N>];              // f
    R momentum[most_dof<N>];           // p
    R value;                           // L
};

template <Real R, int N>
LNN_HD R energy(const Terms<R, N>& terms, const R* v, int n = N) {
    R e = -terms.value;
    for (int i = 0; i < dof_of<N>(n); ++i) e = mul_add(terms.momentum[i], v[i], e);
    return e;
}

// L of a system on duals D along (q, v): a system of the list says it of its parameters, one that is text of its spec
template <class System, class D, Real R>
LNN_HD D system_lagrangian(const SystemSpec& spec, const R* q, const R* v) {
    if constexpr (System::dof == any_dof) {
        return System::template lagrangian<D>(spec, q, v);
    } else {
        constexpr int N = System::dof;
        D qd[N], vd[N];
        for (int i = 0; i < N; ++i) {
            qd[i] = D::variable(q[i], i);
            vd[i] = D::variable(v[i], N + i);
        }
        return System::lagrangian(spec.parameters.data(), qd, vd);
    }
}

// M a - f: inverse dynamics
template <Real R, int N>
LNN_HD void needed_forces(const Terms<R, N>& terms, const R* a, R* forces, int n = N) {
    for (int i = 0; i < dof_of<N>(n); ++i) {
        forces[i] = -terms.force[i];
        for (int j = 0; j < dof_of<N>(n); ++j)
            forces[i] = mul_add(terms.mass[i < j ? packed(j, i) : packed(i, j)], a[j], forces[i]);
    }
}

// terms of a system given by its Lagrangian
template <class System, Real R>
LNN_HD Terms<R, System::dof> system_terms(const SystemSpec& spec, const R* q, const R* v) {
    constexpr int N = System::dof;
    const int n = dof_of<N>(spec.dof);
    using D = Dual<R, 2 * most_system_dof<N>, N == any_dof>;
    const D L = system_lagrangian<System, D>(spec, q, v);
    Terms<R, N> terms;
    terms.value = L.value;
    for (int i = 0; i < n; ++i) {
        terms.momentum[i] = L.first[n + i];
        terms.force[i] = L.first[i];
        for (int j = 0; j <= i; ++j) terms.mass[packed(i, j)] = L.second[packed(n + i, n + j)];
        for (int j = 0; j < n; ++j) terms.force[i] = mul_add(-L.second[packed(n + i, j)], v[j], terms.force[i]);
    }
    return terms;
}

// a = M^+ f
template <Real R, int N>
LNN_HD void acceleration(const Terms<R, N>& terms, const SolveSpec& solve, R* a, int n = N) {
    SymmetricSolve<R, N>(terms.mass, solve, n).apply(terms.force, a);
}
// the solve of a true system, whose M has full rank
LNN_HD SolveSpec exact_solve() { return {.rcond = 0.0}; }

// What a gradient needs of a sample: only accelerations, the gradient where M is regular, or that where it is
// rank-deficient or below the floor of the solve, of which there are few samples.
enum class Tape { none, regular, truncated };

// pairs (A_k, B_k) of the bracket
template <Tape tape, int N>
LNN_HD constexpr int bracket_pairs(int n) {
    return tape == Tape::none ? 0 : tape == Tape::regular ? 1 : dof_of<N>(n) + 1;
}

// Directions of the bracket DL[P] - sum_k D2L[A_k, B_k] in memory that somebody else owns: P = (lambda, 0),
// A_k = (0, a(k)), B_k = (0, b(k)), but B_0 = (v, b(0)).
template <class Ptr, int N>
struct Directions {
    Ptr p;
    int n;

    LNN_HD decltype(auto) lambda(int i) const { return p[i]; }
    LNN_HD decltype(auto) a(int k, int i) const { return p[dof_of<N>(n) * (1 + 2 * k) + i]; }
    LNN_HD decltype(auto) b(int k, int i) const { return p[dof_of<N>(n) * (2 + 2 * k) + i]; }
};
template <Tape tape, int N>
LNN_HD constexpr int direction_reals(int n) {
    return dof_of<N>(n) * (1 + 2 * bracket_pairs<tape, N>(n));
}

// What a Lagrangian makes of a sample's terms: the acceleration, and, from r = dl/da, the directions of its gradient.
// The terms stay its caller's.
template <Real R, int N>
class LagrangianAnswer {
  public:
    LNN_HD LagrangianAnswer(const Terms<R, N>& terms, const SolveSpec& spec, int n)
        : terms_(terms), spec_(spec), n_(n), solve_(terms.mass, spec, n) {
        solve_.apply(terms.force, a);
    }

    R a[most_dof<N>];

    LNN_HD R condition() const { return solve_.condition(); }
    // lanes whose gradient needs Tape::truncated
    LNN_HD MaskOf<R> truncated() const { return solve_.truncated; }
    LNN_HD R energy(const R* v) const { return lnn::energy(terms_, v, n_); }
    LNN_HD R lagrangian() const { return terms_.value; }

    template <class Ptr>
    LNN_HD void directions(const R* r, const Directions<Ptr, N>& along) const {
        R lambda[most_dof<N>];
        solve_.apply(r, lambda);
        for (int i = 0; i < dof(); ++i) {
            along.lambda(i) = along.a(0, i) = lambda[i];
            along.b(0, i) = a[i];
        }
    }

    // The same where M is rank-deficient or below the floor. With r_j, f_j the components of r and f along the
    // eigenvectors e_j of M, phi what the solve makes of its eigenvalues, and lambda = phi(M) r, the bracket is
    //   DL[(lambda, 0)] - D2L[(0, lambda), (v, 0)] + sum_j D2L[(0, r_j e_j), (0, sum_k phi[j, k] f_k e_k)]
    // with divided differences phi[j, k] (Daleckii and Krein; Higham, Functions of Matrices, 3.2).
    template <class Ptr>
    LNN_HD void truncated_directions(const R* r, const Directions<Ptr, N>& along) const {
        R lambda[most_dof<N>];
        solve_.apply(r, lambda);
        for (int i = 0; i < dof(); ++i) {
            along.lambda(i) = along.a(0, i) = lambda[i];
            along.b(0, i) = R(0);
        }
        for (int j = 0; j < dof(); ++j) {
            const R residual = solve_.component(j, r);
            R b[most_dof<N>];
            for (int i = 0; i < dof(); ++i) {
                along.a(1 + j, i) = -residual * solve_.vector(j, i);
                b[i] = R(0);
            }
            for (int k = 0; k < dof(); ++k) {
                const R force = solve_.divided_difference(j, k, spec_) * solve_.component(k, terms_.force);
                for (int i = 0; i < dof(); ++i) b[i] = mul_add(force, solve_.vector(k, i), b[i]);
            }
            for (int i = 0; i < dof(); ++i) along.b(1 + j, i) = b[i];
        }
    }

  private:
    const Terms<R, N>& terms_;
    const SolveSpec& spec_;
    int n_;
    SymmetricSolve<R, N> solve_;

    LNN_HD int dof() const { return dof_of<N>(n_); }
};

}  // namespace lnn::inline LNN_ISA
