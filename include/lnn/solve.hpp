// Solves M x = y for the small symmetric mass matrix, or applies its pseudo-inverse, sum phi(lambda_k) e_k e_k^T over
// its eigenvalues: phi = 1 / lambda, but
//   0                 up to rcond times the largest eigenvalue in modulus (Moore and Penrose)
//   lambda / floor^2  below the floor: continuous and odd; neither phi nor its slope exceeds what it is at the floor
//
// n = 2 in closed form, the determinant and both numerators with the rounding errors of their products put back
// (Kahan): LAPACK-grade at condition 1e6 in float32, where the naive adjugate is 0.2 % wrong. Other n by M = L D L^T,
// which is stable where M is definite (Golub and Van Loan, 4.1). Where some lane is not, or may be truncated, Jacobi's
// eigenvalue method (8.5) is for those lanes. Lanes are independent: a rotation is left out, exactly, where it would
// change nothing, and no lane's result depends on its neighbours.
//
// The closed form has the range of its determinant a c - b^2: the larger product may neither overflow nor fall below
// the normal numbers. So an M whose eigenvalues are alike may have them from 1e-19 to 1e19 in float32, from 1e-154 to
// 1e154 in float64; beyond, M counts as truncated, or x is not finite. Other n have the range of the eigenvalues
// themselves and of their inverses.
#pragma once

#include "lnn/dof.hpp"

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

    // largest / smallest eigenvalue in modulus
    LNN_HD R condition() const { return condition_; }
    LNN_HD R value(int k) const { return values_[k]; }
    LNN_HD R vector(int k, int i) const { return vectors_[i * rows() + k]; }
    LNN_HD R component(int k, const R* y) const {
        R sum(0);
        for (int i = 0; i < rows(); ++i) sum = mul_add(vector(k, i), y[i], sum);
        return sum;
    }
    LNN_HD void apply(const R* y, R* x) const {
        for (int i = 0; i < rows(); ++i) x[i] = R(0);
        for (int k = 0; k < rows(); ++k) {
            const R along = component(k, y) * inverse_[k];
            for (int i = 0; i < rows(); ++i) x[i] = mul_add(vector(k, i), along, x[i]);
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
    R values_[most_dof<N>], vectors_[most_dof<N> * most_dof<N>];  // row i has component i of each vector

    LNN_HD explicit Spectrum(int n) : n_(n) {}
    LNN_HD int rows() const { return dof_of<N>(n_); }
    LNN_HD void judge(const SolveSpec& spec) {
        R smallest = absolute(values_[0]);
        largest_ = smallest;
        for (int k = 1; k < rows(); ++k) {
            const R size = absolute(values_[k]);
            smallest = select(size < smallest, size, smallest);
            largest_ = maximum(size, largest_);
        }
        condition_ = condition_number(largest_, smallest);
        truncated = (smallest <= R(ScalarOf<R>(spec.rcond)) * largest_) | (smallest < R(ScalarOf<R>(spec.floor)));
    }
    LNN_HD void invert(const SolveSpec& spec) {
        for (int k = 0; k < rows(); ++k) inverse_[k] = inverse_eigenvalue(values_[k], largest_, spec);
    }

  private:
    int n_;
    R condition_, largest_, inverse_[most_dof<N>];
};

template <Real R, int N>
class SymmetricSolve : public Spectrum<R, N> {
  public:
    // mass: lower triangle by rows, which stays its caller's
    LNN_HD SymmetricSolve(const R* mass, const SolveSpec& spec, int n = N) : Spectrum<R, N>(n), mass_(mass) {
        factorise(spec);
        if (!any(spectral_)) return;
        diagonalise(spec);
        this->truncated = this->truncated & spectral_;
    }

    // The condition number; where there are no eigenvalues, an estimate from above within a factor of n^(1/16).
    LNN_HD R condition() const {
        if (rows() == 1 && !any(spectral_)) return R(1);
        R m[packed_size(most_dof<N>)];
        for (int k = 0; k < packed_size(rows()); ++k) m[k] = mass_[k];
        const R largest = largest_modulus(m);
        for_inverse([&](int i, int j, R entry) { m[packed(i, j)] = entry; });
        const R estimate = largest * largest_modulus(m);
        return any(spectral_) ? select(spectral_, Spectrum<R, N>::condition(), rows() == 1 ? R(1) : estimate)
                              : estimate;
    }

    LNN_HD void apply(const R* y, R* x) const {
        R along[most_dof<N>];
        for (int i = 0; i < rows(); ++i) {
            R sum = y[i];
            for (int j = 0; j < i; ++j) sum = mul_add(lower_[packed(i, j)], y[j], sum);
            along[i] = sum * lower_[packed(i, i)];
        }
        R spectral[most_dof<N>];
        if (any(spectral_)) Spectrum<R, N>::apply(y, spectral);
        for (int j = 0; j < rows(); ++j) {
            R sum = along[j];
            for (int i = j + 1; i < rows(); ++i) sum = mul_add(lower_[packed(i, j)], along[i], sum);
            x[j] = any(spectral_) ? select(spectral_, spectral[j], sum) : sum;
        }
    }

  private:
    using Spectrum<R, N>::rows;
    using Spectrum<R, N>::vectors_;
    const R* mass_;
    R lower_[packed_size(most_dof<N>)];  // L^-1 below its unit diagonal, 1 / D on it
    MaskOf<R> spectral_;                 // lanes for which the eigenvalues are asked

    // L^-1 and D of M = L D L^T, and whether they will do: all of D has one sign, and by the Frobenius norms of M and
    // M^-1, which bound the eigenvalues, none of these is truncated
    LNN_HD void factorise(const SolveSpec& spec) {
        MaskOf<R> positive = R(0) == R(0), negative = positive;
        R squares(0), inverse_squares(0);
        for (int i = 0; i < rows(); ++i) {
            R row[most_dof<N>], pivot = mass_[packed(i, i)];  // row: of L
            for (int j = 0; j < i; ++j) {
                // L D is M L^-T, and the rows of L^-1 above are there
                R sum = mass_[packed(i, j)];
                for (int k = 0; k < j; ++k) sum = mul_add(lower_[packed(j, k)], mass_[packed(i, k)], sum);
                row[j] = sum * lower_[packed(j, j)];
                pivot = mul_add(-row[j], sum, pivot);
                squares = add_square(i, j, mass_[packed(i, j)], squares);
            }
            squares = add_square(i, i, mass_[packed(i, i)], squares);
            for (int j = 0; j < i; ++j) {
                R sum = -row[j];
                for (int k = j + 1; k < i; ++k) sum = mul_add(-row[k], lower_[packed(k, j)], sum);
                lower_[packed(i, j)] = sum;
            }
            lower_[packed(i, i)] = R(1) / pivot;
            positive = positive & (pivot > R(0));
            negative = negative & (pivot < R(0));
        }
        for_inverse([&](int i, int j, R entry) { inverse_squares = add_square(i, j, entry, inverse_squares); });
        const R norm = square_root(squares), inverse_norm = square_root(inverse_squares);
        const R rcond(ScalarOf<R>(spec.rcond)), floor(ScalarOf<R>(spec.floor));
        spectral_ = !((positive | negative) & (rcond * norm * inverse_norm < R(1)) & (floor * inverse_norm < R(1)));
        this->truncated = R(0) < R(0);  // in no lane
    }

    // take(i, j, entry (i, j) of M^-1 = L^-T D^-1 L^-1), i >= j
    template <class Take>
    LNN_HD void for_inverse(Take&& take) const {
        for (int i = 0; i < rows(); ++i)
            for (int j = 0; j <= i; ++j) {
                R entry = lower_[packed(i, i)] * (i == j ? R(1) : lower_[packed(i, j)]);
                for (int k = i + 1; k < rows(); ++k)
                    entry = mul_add(lower_[packed(k, i)] * lower_[packed(k, k)], lower_[packed(k, j)], entry);
                take(i, j, entry);
            }
    }

    // entry (i, j) of a triangle, i >= j, in the sum of the squares of all entries
    LNN_HD static R add_square(int i, int j, R entry, R sum) {
        return mul_add(i == j ? entry : R(2) * entry, entry, sum);
    }
    LNN_HD R frobenius(const R* m) const {
        R sum(0);
        for (int i = 0; i < rows(); ++i)
            for (int j = 0; j <= i; ++j) sum = add_square(i, j, m[packed(i, j)], sum);
        return square_root(sum);
    }

    // The largest modulus of a symmetric matrix's eigenvalues, by the norm of its power 16, which is above it, at most
    // n^(1/32) times. The matrix is destroyed.
    LNN_HD R largest_modulus(R* m) const {
        constexpr int squarings = 4;
        const R norm = frobenius(m), scale = R(1) / norm;
        for (int k = 0; k < packed_size(rows()); ++k) m[k] = m[k] * scale;
        for (int s = 0; s < squarings; ++s) {
            R square[packed_size(most_dof<N>)];
            for (int i = 0; i < rows(); ++i)
                for (int j = 0; j <= i; ++j) {
                    R sum(0);
                    for (int k = 0; k < rows(); ++k) sum = mul_add(m[packed(i, k)], m[packed(k, j)], sum);
                    square[packed(i, j)] = sum;
                }
            for (int k = 0; k < packed_size(rows()); ++k) m[k] = square[k];
        }
        R power = frobenius(m);
        for (int s = 0; s < squarings; ++s) power = square_root(power);
        return norm * power;
    }

    LNN_HD void diagonalise(const SolveSpec& spec) {
        R matrix[most_dof<N> * most_dof<N>];
        R poison(0);  // NaN where an entry is not finite: rotations would leave it out
        for (int i = 0; i < rows(); ++i)
            for (int j = 0; j < rows(); ++j) {
                matrix[i * rows() + j] = mass_[packed(i, j)];
                vectors_[i * rows() + j] = R(i == j ? 1 : 0);
                poison = mul_add(mass_[packed(i, j)], R(0), poison);
            }
        rotate_all(matrix);
        for (int k = 0; k < rows(); ++k) this->values_[k] = matrix[k * rows() + k] + poison;
        this->judge(spec);
        this->invert(spec);
    }
    LNN_HD void rotate_all(R* matrix) {
        constexpr auto tiny = std::is_same_v<ScalarOf<R>, float> ? 1e-9 : 1e-18;
        for (int sweep = 0; sweep < 30; ++sweep) {
            bool rotated = false;
            for (int p = 0; p < rows(); ++p)
                for (int q = p + 1; q < rows(); ++q) {
                    const R off = matrix[p * rows() + q], pp = matrix[p * rows() + p], qq = matrix[q * rows() + q];
                    const auto needed = absolute(off) > R(tiny) * maximum(absolute(pp), absolute(qq));
                    if (!any(needed)) continue;
                    rotated = true;
                    rotate(matrix, p, q, needed, (qq - pp) / select(needed, R(2) * off, R(1)));
                }
            if (!rotated) return;
        }
    }
    // rotation that clears (p, q), tan of its angle from theta = cot of twice the angle
    LNN_HD void rotate(R* matrix, int p, int q, MaskOf<R> needed, R theta) {
        const R root = square_root(mul_add(theta, theta, R(1)));
        const R tangent = R(1) / (theta + select(theta < R(0), -root, root));
        const R t = select(needed, tangent, R(0));
        const R c = R(1) / square_root(mul_add(t, t, R(1)));
        const R s = t * c;
        const auto turn = [&](R& x, R& y) {
            const R old = x;
            x = c * old - s * y;
            y = s * old + c * y;
        };
        for (int k = 0; k < rows(); ++k) turn(matrix[k * rows() + p], matrix[k * rows() + q]);
        for (int k = 0; k < rows(); ++k) {
            turn(matrix[p * rows() + k], matrix[q * rows() + k]);
            turn(vectors_[k * rows() + p], vectors_[k * rows() + q]);
        }
    }
};

template <Real R>
class SymmetricSolve<R, 2> : public Spectrum<R, 2> {
  public:
    LNN_HD SymmetricSolve(const R* mass, const SolveSpec& spec, int = 2)
        : Spectrum<R, 2>(2), a_(mass[0]), b_(mass[1]), c_(mass[2]) {
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

    // The larger eigenvalue's is from the better conditioned row of M - small, the other at right angles.
    LNN_HD void eigenvectors(R small) {
        const R first = a_ - small, second = c_ - small;
        const auto upper = absolute(first) > absolute(second);
        const R ex = select(upper, first, b_), ey = select(upper, b_, second);
        const R norm2 = mul_add(ex, ex, ey * ey);
        const auto round = norm2 == R(0);
        const R scale = R(1) / square_root(select(round, R(1), norm2));
        const R x = select(round, R(1), ex * scale), y = select(round, R(0), ey * scale);
        vectors_[0] = vectors_[3] = x;
        vectors_[2] = y;
        vectors_[1] = -y;
    }
};

}  // namespace lnn::inline LNN_ISA
