// Solves M x = y for the small symmetric mass matrix, or applies its pseudo-inverse, sum phi(lambda_k) e_k e_k^T over
// its eigenvalues: phi = 1 / lambda, but
//   0                 up to rcond times the largest eigenvalue in modulus (Moore and Penrose)
//   lambda / floor^2  below the floor: continuous and odd; neither phi nor its slope exceeds what it is at the floor
//
// n = 2 in closed form, the determinant and both numerators with the rounding errors of their products put back
// (Kahan): LAPACK-grade at condition 1e6 in float32, where the naive adjugate is 0.2 % wrong. Other n by Jacobi's
// eigenvalue method (Golub and Van Loan, 8.5); lanes are independent: a rotation is left out, exactly, where it
// would change nothing.
#pragma once

#include "lnn/dual.hpp"
#include "lnn/spec.hpp"

namespace lnn::inline LNN_ISA {

// infinite where the ratio is no number: M = 0, or not finite
template <Real R>
LNN_HD R condition_number(R largest, R smallest) {
    const R ratio = largest / smallest;
    return select(ratio > R(0), ratio, R(HUGE_VAL));
}

// phi of an eigenvalue, or of a singular value
template <Real R>
LNN_HD R inverse_eigenvalue(R lambda, R largest, const SolveSpec& spec) {
    const R floor(ScalarOf<R>(spec.floor)), bound(ScalarOf<R>(1 / spec.floor)), rcond(ScalarOf<R>(spec.rcond));
    const R size = absolute(lambda), kept = select(size <= rcond * largest, R(0), R(1) / lambda);
    return select(size < floor, lambda * bound * bound, kept);
}

// What a solve knows of M: eigenvalues, unit eigenvectors, and phi. Vectors and phi are there where some lane is
// truncated; others do without, since most solves never need them.
template <Real R, int N>
class Spectrum {
  public:
    MaskOf<R> truncated;  // phi is not 1 / lambda everywhere: M is rank-deficient or below the floor
    R condition;          // largest / smallest eigenvalue in modulus

    LNN_HD R value(int k) const { return values_[k]; }
    LNN_HD R vector(int k, int i) const { return vectors_[i][k]; }
    LNN_HD R component(int k, const R* y) const {
        R sum(0);
        for (int i = 0; i < N; ++i) sum = mul_add(vectors_[i][k], y[i], sum);
        return sum;
    }
    LNN_HD void apply(const R* y, R* x) const {
        for (int i = 0; i < N; ++i) x[i] = R(0);
        for (int k = 0; k < N; ++k) {
            const R along = component(k, y) * inverse_[k];
            for (int i = 0; i < N; ++i) x[i] = mul_add(vectors_[i][k], along, x[i]);
        }
    }
    // (phi_j - phi_k) / (lambda_j - lambda_k), and what it tends to where the eigenvalues meet
    LNN_HD R divided_difference(int j, int k, const SolveSpec& spec) const {
        const R floor(ScalarOf<R>(spec.floor)), bound(ScalarOf<R>(1 / spec.floor));
        const auto branch = [&](int i) {
            return select(absolute(values_[i]) < floor, R(2), select(inverse_[i] == R(0), R(1), R(0)));
        };
        const R within = select(branch(j) == R(2), bound * bound, -inverse_[j] * inverse_[k]);
        return select(branch(j) == branch(k), within, (inverse_[j] - inverse_[k]) / (values_[j] - values_[k]));
    }

  protected:
    R values_[N], vectors_[N][N] = {};  // vectors by columns

    LNN_HD void judge(const SolveSpec& spec) {
        R smallest = absolute(values_[0]);
        largest_ = smallest;
        for (int k = 1; k < N; ++k) {
            const R size = absolute(values_[k]);
            smallest = select(size < smallest, size, smallest);
            largest_ = maximum(size, largest_);
        }
        condition = condition_number(largest_, smallest);
        truncated = (smallest <= R(ScalarOf<R>(spec.rcond)) * largest_) | (smallest < R(ScalarOf<R>(spec.floor)));
    }
    LNN_HD void invert(const SolveSpec& spec) {
        for (int k = 0; k < N; ++k) inverse_[k] = inverse_eigenvalue(values_[k], largest_, spec);
    }

  private:
    R largest_, inverse_[N] = {};
};

template <Real R, int N>
class SymmetricSolve : public Spectrum<R, N> {
  public:
    // mass: lower triangle by rows
    LNN_HD SymmetricSolve(const R* mass, const SolveSpec& spec) {
        R poison(0);  // NaN where an entry is not finite: rotations would leave it out
        for (int i = 0; i < N; ++i)
            for (int j = 0; j < N; ++j) {
                matrix_[i][j] = mass[packed(i, j)];
                vectors_[i][j] = R(i == j ? 1 : 0);
                poison = mul_add(matrix_[i][j], R(0), poison);
            }
        diagonalise();
        for (int k = 0; k < N; ++k) this->values_[k] = matrix_[k][k] + poison;
        this->judge(spec);
        this->invert(spec);
    }

  private:
    using Spectrum<R, N>::vectors_;
    R matrix_[N][N];

    LNN_HD void diagonalise() {
        constexpr auto tiny = std::is_same_v<ScalarOf<R>, float> ? 1e-9 : 1e-18;
        for (int sweep = 0; sweep < 30; ++sweep) {
            bool rotated = false;
            for (int p = 0; p < N; ++p)
                for (int q = p + 1; q < N; ++q) {
                    const R off = matrix_[p][q], pp = matrix_[p][p], qq = matrix_[q][q];
                    const auto needed = absolute(off) > R(tiny) * maximum(absolute(pp), absolute(qq));
                    if (!any(needed)) continue;
                    rotated = true;
                    rotate(p, q, needed, (qq - pp) / select(needed, R(2) * off, R(1)));
                }
            if (!rotated) return;
        }
    }
    // rotation that clears (p, q), tan of its angle from theta = cot of twice the angle
    LNN_HD void rotate(int p, int q, MaskOf<R> needed, R theta) {
        const R root = square_root(mul_add(theta, theta, R(1)));
        const R tangent = R(1) / (theta + select(theta < R(0), -root, root));
        const R t = select(needed, tangent, R(0));
        const R c = R(1) / square_root(mul_add(t, t, R(1)));
        const R s = t * c;
        for (int k = 0; k < N; ++k) {
            const R kp = matrix_[k][p], kq = matrix_[k][q];
            matrix_[k][p] = c * kp - s * kq;
            matrix_[k][q] = s * kp + c * kq;
        }
        for (int k = 0; k < N; ++k) {
            const R pk = matrix_[p][k], qk = matrix_[q][k], vp = vectors_[k][p], vq = vectors_[k][q];
            matrix_[p][k] = c * pk - s * qk;
            matrix_[q][k] = s * pk + c * qk;
            vectors_[k][p] = c * vp - s * vq;
            vectors_[k][q] = s * vp + c * vq;
        }
    }
};

template <Real R>
class SymmetricSolve<R, 2> : public Spectrum<R, 2> {
  public:
    LNN_HD SymmetricSolve(const R* mass, const SolveSpec& spec) : a_(mass[0]), b_(mass[1]), c_(mass[2]) {
        const R det = difference_of_products(a_, c_, b_, b_);
        const R mean = (a_ + c_) * R(0.5), half = (a_ - c_) * R(0.5);
        const R radius = square_root(mul_add(half, half, b_ * b_));
        const R large = mean + select(mean < R(0), -radius, radius);  // eigenvalue of largest modulus
        inverse_ = R(1) / det;
        values_[0] = large;
        values_[1] = select(large == R(0), R(0), det / large);
        this->judge(spec);
        if (!any(this->truncated)) return;
        eigenvectors(mean + mean - large);
        this->invert(spec);
    }
    LNN_HD void apply(const R* y, R* x) const {
        x[0] = difference_of_products(c_, y[0], b_, y[1]) * inverse_;
        x[1] = difference_of_products(a_, y[1], b_, y[0]) * inverse_;
        if (!any(this->truncated)) return;
        R spectral[2];
        Spectrum<R, 2>::apply(y, spectral);
        for (int i = 0; i < 2; ++i) x[i] = select(this->truncated, spectral[i], x[i]);
    }

  private:
    using Spectrum<R, 2>::values_;
    using Spectrum<R, 2>::vectors_;
    R a_, b_, c_, inverse_;

    // that of the larger eigenvalue from the better conditioned row of M - small; the other at right angles
    LNN_HD void eigenvectors(R small) {
        const R first = a_ - small, second = c_ - small;
        const auto upper = absolute(first) > absolute(second);
        const R ex = select(upper, first, b_), ey = select(upper, b_, second);
        const R norm2 = mul_add(ex, ex, ey * ey);
        const auto round = norm2 == R(0);
        const R scale = R(1) / square_root(select(round, R(1), norm2));
        const R x = select(round, R(1), ex * scale), y = select(round, R(0), ey * scale);
        vectors_[0][0] = vectors_[1][1] = x;
        vectors_[1][0] = y;
        vectors_[0][1] = -y;
    }
};

}  // namespace lnn::inline LNN_ISA
