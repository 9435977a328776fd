// Solves M x = y for the small symmetric mass matrix, or applies its Moore-Penrose pseudo-inverse: eigenvalues below
// rcond times the largest in modulus count as zero.
//
// n = 2 in closed form, the determinant and both numerators with the rounding errors of their products put back
// (Kahan): LAPACK-grade at condition 1e6 in float32, where the naive adjugate is 0.2 % wrong. Other n by Jacobi's
// eigenvalue method (Golub and Van Loan, 8.5); lanes are independent: a rotation is left out, exactly, where it
// would change nothing.
#pragma once

#include "lnn/dual.hpp"

namespace lnn::inline LNN_ISA {

// infinite where the ratio is no number: M = 0, or not finite
template <Real R>
LNN_HD R condition_number(R largest, R smallest) {
    const R ratio = largest / smallest;
    return select(ratio > R(0), ratio, R(HUGE_VAL));
}

template <Real R, int N>
class SymmetricSolve {
  public:
    // mass: lower triangle by rows
    LNN_HD SymmetricSolve(const R* mass, R rcond) {
        R poison(0);  // NaN where an entry is not finite: rotations would leave it out
        for (int i = 0; i < N; ++i)
            for (int j = 0; j < N; ++j) {
                matrix_[i][j] = mass[packed(i, j)];
                vectors_[i][j] = R(i == j ? 1 : 0);
                poison = mul_add(matrix_[i][j], R(0), poison);
            }
        diagonalise();
        R smallest = absolute(matrix_[0][0]);
        R largest = smallest;
        for (int i = 1; i < N; ++i) {
            smallest = select(absolute(matrix_[i][i]) < smallest, absolute(matrix_[i][i]), smallest);
            largest = maximum(absolute(matrix_[i][i]), largest);
        }
        largest = largest + poison;
        condition = condition_number(largest, smallest);
        truncated = smallest <= rcond * largest;
        for (int i = 0; i < N; ++i) {
            const auto zero = absolute(matrix_[i][i]) <= rcond * largest;
            inverse_[i] = select(zero, R(0), R(1) / (matrix_[i][i] + poison));
        }
    }

    LNN_HD void apply(const R* y, R* x) const {
        R along[N];
        for (int k = 0; k < N; ++k) {
            along[k] = R(0);
            for (int i = 0; i < N; ++i) along[k] = mul_add(vectors_[i][k], y[i], along[k]);
            along[k] = along[k] * inverse_[k];
        }
        for (int i = 0; i < N; ++i) {
            x[i] = R(0);
            for (int k = 0; k < N; ++k) x[i] = mul_add(vectors_[i][k], along[k], x[i]);
        }
    }

    MaskOf<R> truncated;
    R condition;  // largest / smallest eigenvalue in modulus

  private:
    R matrix_[N][N], vectors_[N][N], inverse_[N];

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
class SymmetricSolve<R, 1> {
  public:
    LNN_HD SymmetricSolve(const R* mass, R)
        : truncated(mass[0] == R(0)), condition(condition_number(absolute(mass[0]), absolute(mass[0]))) {
        inverse_ = select(truncated, R(0), R(1) / mass[0]);
    }
    LNN_HD void apply(const R* y, R* x) const { x[0] = y[0] * inverse_; }

    MaskOf<R> truncated;
    R condition;

  private:
    R inverse_;
};

template <Real R>
class SymmetricSolve<R, 2> {
  public:
    LNN_HD SymmetricSolve(const R* mass, R rcond) : a_(mass[0]), b_(mass[1]), c_(mass[2]) {
        const R det = difference_of_products(a_, c_, b_, b_);
        const R mean = (a_ + c_) * R(0.5), half = (a_ - c_) * R(0.5);
        const R radius = square_root(mul_add(half, half, b_ * b_));
        const R large = mean + select(mean < R(0), -radius, radius);  // eigenvalue of largest modulus
        condition = condition_number(large * large, absolute(det));
        truncated = absolute(det) <= rcond * large * large;
        inverse_ = R(1) / det;

        // unit eigenvector of `large`, from the better conditioned row of M - (other eigenvalue)
        const R first = a_ - (mean + mean - large), second = c_ - (mean + mean - large);
        const auto upper = absolute(first) > absolute(second);
        const R ex = select(upper, first, b_), ey = select(upper, b_, second);
        const R norm2 = mul_add(ex, ex, ey * ey);
        const auto zero = large == R(0);
        const auto round = norm2 == R(0);
        const R scale = R(1) / square_root(select(round, R(1), norm2));
        x_ = select(round, R(1), ex * scale);
        y_ = select(round, R(0), ey * scale);
        large_inverse_ = select(zero, R(0), R(1) / large);
    }
    LNN_HD void apply(const R* y, R* x) const {
        const R along = (x_ * y[0] + y_ * y[1]) * large_inverse_;
        x[0] = select(truncated, x_ * along, difference_of_products(c_, y[0], b_, y[1]) * inverse_);
        x[1] = select(truncated, y_ * along, difference_of_products(a_, y[1], b_, y[0]) * inverse_);
    }

    MaskOf<R> truncated;
    R condition;

  private:
    R a_, b_, c_, inverse_, x_, y_, large_inverse_;
};

}  // namespace lnn::inline LNN_ISA
