// The black-box Lagrangian network, L(q, v) = mlp(phi(q, v)) + 1/2 c |v|^2, with its analytic derivatives.
//
// phi: for each coordinate q, or cos q, sin q where it is an angle; then the velocities divided by a scale.
//
// Terms in n + 3 columns through each weight matrix: the value, tangents along d_i = e_(v_i) and c = (v, 0), and one
// adjoint g; every second derivative is the contraction D2L[d, e] = sum g s2 u^d u^e over the hidden units (u a
// tangent before the activation; phi'' drops out of every pair used here).
//
// Gradient of a loss with dl/da = r in 8 more columns: with lambda = M^-1 r and a held constant,
//   dl/dtheta = d/dtheta { DL[P0] - D2L[A, B] },  P0 = (lambda, 0),  A = (0, lambda),  B = (v, a)
// One forward column pi (m before its activation), whose adjoint is g; a reverse sweep of three (zeta, alpha, beta),
// the adjoints of y, t^A, t^B; four outer products. Where M is rank-deficient or below the floor of
// the solve there are more pairs (A, B).
//
// Linear damping: forces Q = -C C^T v beside f, C learned, so that C C^T is never negative (Rayleigh's dissipation).
// The bracket gains lambda . Q, hence dC = -lambda (C^T v)^T - v (C^T lambda)^T: two outer products of the matrix
// beside.
#pragma once

#include "lnn/lagrangian.hpp"
#include "lnn/mlp.hpp"
#include "lnn/softplus.hpp"

namespace lnn::inline LNN_ISA {

LNN_HD MlpShape lnn_shape(const ModelSpec& m) {
    int inputs = 2 * m.dof;
    for (int i = 0; i < m.dof; ++i) inputs += m.angles >> i & 1;
    return mlp_shape(inputs, m.depth, m.hidden.data(), 1, m.damping ? m.dof : 0);
}

// a network of N degrees of freedom over a shape and parameters that somebody else owns
template <class T, int N>
struct LnnView {
    const MlpShape& shape;  // lnn_shape(m)
    const T* parameters;
    unsigned angles;
    T velocity_inverse;  // 1 / velocity scale
    T mass_prior;

    LNN_HD LnnView(const MlpShape& s, const ModelSpec& m, const T* p)
        : shape(s),
          parameters(p),
          angles(m.angles),
          velocity_inverse(T(1 / m.velocity_scale)),
          mass_prior(T(m.mass_prior)) {}
    LNN_HD bool is_angle(int i) const { return angles >> i & 1; }
};

// `pairs` of directions (A_k, B_k) in the gradient: 0 for terms alone, 1 for a gradient, more for a truncated M.
// Columns of the outer products, left | right: 0: h | pi, 1: zbar | y,
// 2 + 2 k: ubarA_k | t^A_k, 3 + 2 k: ubarB_k | t^B_k
template <int pairs>
inline constexpr int factor_columns = 2 + 2 * pairs;

// Reals a pass keeps of each hidden unit: s1, s2, u along d_1 .. d_n and c; for a gradient also g s3 and g s2
template <int N, int pairs>
inline constexpr int unit_reals = N + 3 + (pairs > 0 ? 2 : 0);

// columns that go through a weight matrix together, at most
template <int N, int pairs>
inline constexpr int buffer_columns = N + 2 > 1 + 2 * pairs ? N + 2 : 1 + 2 * pairs;

// Reals of scratch a pass needs
template <int N, int pairs>
LNN_HD int lnn_scratch(const MlpShape& s) {
    return s.hidden * unit_reals<N, pairs> + 2 * s.widest * buffer_columns<N, pairs>;
}

// where a pass leaves the factors of the outer products: unit k's columns at k stride
template <class Ptr>
struct Factors {
    Ptr left, right;
    int stride;
};

// what a sample's inputs leave for later
template <Real R, int N>
struct LnnInputs {
    R sine[N], cosine[N], v[N];
};

// directions of a gradient's bracket, DL[P0] - sum_k D2L[A_k, B_k]: P0 = (lambda, 0), A_k = (0, a[k]),
// B_k = (0, b[k]), but B_0 = (v, b[0])
template <Real R, int N, int pairs>
struct Directions {
    R lambda[N], a[pairs][N], b[pairs][N];
};

// One sample (or one pack of samples) on its way through the network, in stages. A stage that takes `begin, count` does
// so many units of a layer; these stretches touch nothing of each other, so that threads may share them out between
// two barriers. terms() and factors() are all stages in turn. `rows`: units multiplied at once, at most.
template <Real R, int N, int pairs, class T, class Ptr, int rows = 8>
class LnnPass {
  public:
    static constexpr bool tape = pairs > 0;
    using Inputs = LnnInputs<R, N>;

    LNN_HD LnnPass(const LnnView<T, N>& view, Ptr scratch, Factors<Ptr> factors = {})
        : net_(view),
          shape_(view.shape),
          units_(scratch),
          even_(scratch + view.shape.hidden * reals),
          odd_(even_ + view.shape.widest * buffer_columns<N, pairs>),
          factors_(factors) {}

    // the terms at (q, v); with a tape, also the columns y and h of the factors. L itself only where it is wanted.
    template <class State>
    LNN_HD Terms<R, N> terms(const State* q, const State* v, Inputs& inputs, bool with_value = false) {
        start(q, v, inputs);
        for (int l = 1; l <= shape_.depth; ++l) forward(l, 0, shape_.widths[l]);
        const R value = with_value ? output() : R(0);
        R curvature[curvatures];
        for (auto& x : curvature) x = R(0);
        for (int l = shape_.depth; l >= 0; --l) {
            adjoint(l, 0, shape_.widths[l]);
            if (l > 0) contract(l, curvature);
        }
        return finish(inputs, curvature, value);
    }

    // the remaining columns of the factors, after terms()
    LNN_HD void factors(const Inputs& inputs, const Directions<R, N, pairs>& along)
        requires(pairs > 0)
    {
        start_factors(inputs, along);
        for (int l = 1; l <= shape_.depth; ++l) extend(l, 0, shape_.widths[l], along);
        for (int l = shape_.depth - 1; l >= 1; --l) sweep(l, 0, shape_.widths[l], along);
    }

    // inputs and their tangents
    template <class State>
    LNN_HD void start(const State* q, const State* v, Inputs& inputs) {
        int k = 0;
        auto put = [&](R y, R along_c, int velocity) {
            const auto x = buffer(0) + k * columns;
            x[0] = y;
            for (int d = 0; d < N; ++d) x[1 + d] = d == velocity ? R(net_.velocity_inverse) : R(0);
            x[1 + N] = along_c;
            if constexpr (tape) right(k)[1] = y;
            ++k;
        };
        for (int i = 0; i < N; ++i) {
            inputs.v[i] = convert<R>(v[i]);
            if (net_.is_angle(i)) {
                State sine, cosine;
                sin_cos(q[i], sine, cosine);
                inputs.sine[i] = convert<R>(sine);
                inputs.cosine[i] = convert<R>(cosine);
                put(inputs.cosine[i], -inputs.sine[i] * inputs.v[i], -1);
                put(inputs.sine[i], inputs.cosine[i] * inputs.v[i], -1);
            } else {
                put(convert<R>(q[i]), inputs.v[i], -1);
            }
        }
        for (int i = 0; i < N; ++i) put(inputs.v[i] * R(net_.velocity_inverse), R(0), i);
    }

    // z and u of layer l from y and t of the layer below, l = 1 .. depth; then its y and t in their place
    LNN_HD void forward(int l, int begin, int count) {
        const auto z = buffer(l);
        forward_layer<columns, rows>(shape_, net_.parameters, l, true, begin, count, buffer(l - 1), columns, z,
                                     columns);
        for (int k = begin; k < begin + count; ++k) activate(shape_.first[l] + k, z + k * columns);
    }

    // g and h of layer l from h of the layer above, l = depth .. 1; for l = 0 dL/dinputs
    LNN_HD void adjoint(int l, int begin, int count) {
        const auto g = buffer(l);
        if (l == shape_.depth) {
            const R one[1] = {R(1)};
            backward_layer<1, rows>(shape_, net_.parameters, l + 1, begin, count, one, 1, g, 1);
        } else {
            backward_layer<1, rows>(shape_, net_.parameters, l + 1, begin, count, buffer(l + 1), 1, g, 1);
        }
        if (l == 0) return;
        for (int k = begin; k < begin + count; ++k) {
            const auto kept = units_ + (shape_.first[l] + k) * reals;
            const R gk = g[k], h = gk * kept[S1];
            kept[GS2] = gk * kept[S2];
            if constexpr (tape) {
                kept[GS3] = gk * kept[GS3];
                left(shape_.first[l] + k)[0] = h;
            }
            g[k] = h;
        }
    }

    // Second derivatives of L to sum over the units: M_ij in the order of packed(i, j), then D2L[d_i, c].
    static constexpr int curvatures = N * (N + 1) / 2 + N;

    // number `entry` of them, of one layer, added to `sum`
    LNN_HD R contract(int l, int entry, R sum) const {
        int i = entry - N * (N + 1) / 2, j = N;  // j = N: along c
        if (i < 0)
            for (i = 0, j = entry; j > i; ++i) j -= i + 1;
        for (int k = 0; k < shape_.widths[l]; ++k) sum = curvature(units_ + (shape_.first[l] + k) * reals, i, j, sum);
        return sum;
    }

    // the terms from the sums over the units and from dL/dinputs, with the mass prior
    LNN_HD Terms<R, N> finish(const Inputs& inputs, const R* curvature, R value) const {
        Terms<R, N> terms;
        const auto slope = buffer(0);
        const R prior(net_.mass_prior);
        int k = 0;
        for (int i = 0; i < N; ++i) {
            R dq = slope[k];
            if (net_.is_angle(i)) {
                dq = inputs.cosine[i] * slope[k + 1] - inputs.sine[i] * slope[k];
                ++k;
            }
            ++k;
            terms.force[i] = dq - curvature[N * (N + 1) / 2 + i];
        }
        for (int i = 0; i < N * (N + 1) / 2; ++i) terms.mass[i] = curvature[i];
        R speed2(0);
        for (int i = 0; i < N; ++i) {
            terms.momentum[i] = mul_add(prior, inputs.v[i], slope[k + i] * R(net_.velocity_inverse));
            terms.mass[packed(i, i)] = terms.mass[packed(i, i)] + prior;
            speed2 = mul_add(inputs.v[i], inputs.v[i], speed2);
        }
        if (shape_.beside > 0) {
            R along[N];
            to_columns(inputs.v, along);
            for (int i = 0; i < N; ++i)
                for (int j = 0; j < N; ++j) terms.force[i] = mul_add(R(-beside(i, j)), along[j], terms.force[i]);
        }
        terms.value = mul_add(R(0.5) * prior, speed2, value);
        return terms;
    }

    // pi, t^A and t^B of the inputs; factors of the output, which has no curvature
    LNN_HD void start_factors(const Inputs& inputs, const Directions<R, N, pairs>& along) {
        int k = 0;
        auto coordinate = [&](int i, R slope) {  // an input that moves with coordinate i
            const auto x = right(k++);
            x[0] = slope * along.lambda[i];
            for (int p = 0; p < pairs; ++p) {
                x[2 + 2 * p] = R(0);
                x[3 + 2 * p] = p == 0 ? slope * inputs.v[i] : R(0);
            }
        };
        for (int i = 0; i < N; ++i) {
            if (net_.is_angle(i)) {
                coordinate(i, -inputs.sine[i]);
                coordinate(i, inputs.cosine[i]);
            } else {
                coordinate(i, R(1));
            }
        }
        for (int i = 0; i < N; ++i) {
            const auto x = right(k++);
            x[0] = R(0);
            for (int p = 0; p < pairs; ++p) {
                x[2 + 2 * p] = R(net_.velocity_inverse) * along.a[p][i];
                x[3 + 2 * p] = R(net_.velocity_inverse) * along.b[p][i];
            }
        }
        for (int o = 0; o < shape_.widths[shape_.depth + 1]; ++o)
            for (int c = 0; c < F; ++c) left(shape_.hidden + o)[c] = R(c == 0 ? 1 : 0);
        if (shape_.beside > 0) {
            R along_v[N], along_lambda[N];
            to_columns(inputs.v, along_v);
            to_columns(along.lambda, along_lambda);
            for (int i = 0; i < N; ++i) {
                const auto row = left(shape_.left_beside() + i), column = right(shape_.right_beside() + i);
                for (int c = 2; c < F; ++c) row[c] = column[c] = R(0);
                row[0] = along.lambda[i];
                row[1] = inputs.v[i];
                column[0] = -along_v[i];
                column[1] = -along_lambda[i];
            }
        }
    }

    // right factors of layer l from pi of the layer below, l = 1 .. depth, and what of its left factors does not come
    // from above
    LNN_HD void extend(int l, int begin, int count, const Directions<R, N, pairs>& along) {
        const int above = shape_.widths[0] + shape_.first[l], below = above - shape_.widths[l - 1];
        forward_layer<1, rows>(shape_, net_.parameters, l, false, begin, count, right(below), factors_.stride,
                               right(above), factors_.stride);
        for (int k = begin; k < begin + count; ++k) {
            const auto kept = units_ + (shape_.first[l] + k) * reals;
            const auto out = left(shape_.first[l] + k), x = right(above + k);
            const R m = x[0], g2 = kept[GS2];
            R product(0);
            LNN_UNROLL
            for (int p = 0; p < pairs; ++p) {
                R along_a, along_b;
                tangents(kept, p, along, along_a, along_b);
                product = mul_add(along_a, along_b, product);
                x[2 + 2 * p] = kept[S1] * along_a;
                x[3 + 2 * p] = kept[S1] * along_b;
                out[2 + 2 * p] = -g2 * along_b;
                out[3 + 2 * p] = -g2 * along_a;
            }
            x[0] = kept[S1] * m - kept[S2] * product;
            out[1] = g2 * m - kept[GS3] * product;
        }
    }

    // zeta, alpha_k and beta_k from the layer above into the left factors of layer l, l = depth - 1 .. 1
    LNN_HD void sweep(int l, int begin, int count, const Directions<R, N, pairs>& along) {
        constexpr int C = 1 + 2 * pairs;
        backward_layer<C, rows>(shape_, net_.parameters, l + 1, begin, count, left(shape_.first[l + 1]) + 1,
                                factors_.stride, even_, C);
        for (int k = begin; k < begin + count; ++k) {
            const auto kept = units_ + (shape_.first[l] + k) * reals;
            const auto out = left(shape_.first[l] + k);
            const auto in = even_ + k * C;
            R sum(0);
            LNN_UNROLL
            for (int p = 0; p < pairs; ++p) {
                R along_a, along_b;
                tangents(kept, p, along, along_a, along_b);
                const R alpha = in[1 + 2 * p], beta = in[2 + 2 * p];
                sum = mul_add(alpha, along_a, mul_add(beta, along_b, sum));
                out[2 + 2 * p] = mul_add(alpha, R(kept[S1]), R(out[2 + 2 * p]));
                out[3 + 2 * p] = mul_add(beta, R(kept[S1]), R(out[3 + 2 * p]));
            }
            out[1] = mul_add(R(in[0]), R(kept[S1]), mul_add(sum, R(kept[S2]), R(out[1])));
        }
    }

  private:
    static constexpr int columns = N + 2;  // y, t along d_1 .. d_n, t along c
    static constexpr int reals = unit_reals<N, pairs>;
    static constexpr int F = factor_columns<pairs>;
    // what is kept of a unit; g s3 takes the place of s3, and where s2 is not needed again, g s2 that of s2
    static constexpr int S1 = 0, S2 = 1, U = 2, GS3 = N + 3, GS2 = tape ? N + 4 : S2;

    const LnnView<T, N>& net_;
    const MlpShape& shape_;
    Ptr units_, even_, odd_;
    Factors<Ptr> factors_;

    // of layer l: its y and t, later its h
    LNN_HD Ptr buffer(int l) const { return l % 2 ? odd_ : even_; }
    LNN_HD Ptr left(int unit) const { return factors_.left + unit * factors_.stride; }
    LNN_HD Ptr right(int unit) const { return factors_.right + unit * factors_.stride; }

    // C of the damping, and y = C^T x
    LNN_HD T beside(int i, int j) const { return net_.parameters[shape_.matrix_beside() + i * N + j]; }
    LNN_HD void to_columns(const R* x, R* y) const {
        for (int j = 0; j < N; ++j) {
            y[j] = R(0);
            for (int i = 0; i < N; ++i) y[j] = mul_add(R(beside(i, j)), x[i], y[j]);
        }
    }

    // z and u at `z` become y and t; the rest is kept
    LNN_HD void activate(int unit, Ptr z) {
        const auto kept = units_ + unit * reals;
        const Softplus<R> f = softplus(R(z[0]));
        z[0] = f.y;
        kept[S1] = f.s1;
        kept[S2] = f.s2;
        LNN_UNROLL
        for (int d = 0; d <= N; ++d) {
            kept[U + d] = z[1 + d];
            z[1 + d] = f.s1 * z[1 + d];
        }
        if constexpr (tape) {
            kept[GS3] = f.s3;
            right(shape_.widths[0] + unit)[1] = f.y;
        }
    }

    LNN_HD R output() const {
        R value[1];
        forward_layer<1, rows>(shape_, net_.parameters, shape_.depth + 1, true, 0, 1, buffer(shape_.depth), columns,
                               value, 1);
        return value[0];
    }

    // a unit's share of D2L along u_i and u_j
    LNN_HD static R curvature(Ptr kept, int i, int j, R sum) {
        return mul_add(kept[GS2] * kept[U + i], R(kept[U + j]), sum);
    }
    LNN_HD void contract(int l, R* sums) const {
        for (int k = 0; k < shape_.widths[l]; ++k) {
            const auto kept = units_ + (shape_.first[l] + k) * reals;
            LNN_UNROLL
            for (int i = 0; i < N; ++i) {
                LNN_UNROLL
                for (int j = 0; j <= i; ++j) sums[packed(i, j)] = curvature(kept, i, j, sums[packed(i, j)]);
                R& along_c = sums[N * (N + 1) / 2 + i];
                along_c = curvature(kept, i, N, along_c);
            }
        }
    }

    // u along A_p and B_p from u along d_1 .. d_n and c
    LNN_HD void tangents(Ptr kept, int p, const Directions<R, N, pairs>& along, R& along_a, R& along_b) const {
        along_a = R(0);
        along_b = p == 0 ? R(kept[U + N]) : R(0);
        LNN_UNROLL
        for (int i = 0; i < N; ++i) {
            along_a = mul_add(along.a[p][i], R(kept[U + i]), along_a);
            along_b = mul_add(along.b[p][i], R(kept[U + i]), along_b);
        }
    }
};

}  // namespace lnn::inline LNN_ISA
