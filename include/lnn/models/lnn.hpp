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
// the adjoints of y, t^A, t^B; four outer products. Where M is rank-deficient two more pairs join (A, B).
#pragma once

#include "lnn/lagrangian.hpp"
#include "lnn/mlp.hpp"
#include "lnn/softplus.hpp"

namespace lnn::inline LNN_ISA {

LNN_HD MlpShape lnn_shape(const ModelSpec& m) {
    int inputs = 2 * m.dof;
    for (int i = 0; i < m.dof; ++i) inputs += m.angles >> i & 1;
    return mlp_shape(inputs, m.depth, m.hidden.data(), 1);
}

// a network of N degrees of freedom over parameters that somebody else owns
template <class T, int N>
struct LnnView {
    MlpShape shape;
    const T* parameters;
    unsigned angles;
    T velocity_inverse;  // 1 / velocity scale
    T mass_prior;

    LNN_HD LnnView(const ModelSpec& m, const T* p)
        : shape(lnn_shape(m)),
          parameters(p),
          angles(m.angles),
          velocity_inverse(T(1 / m.velocity_scale)),
          mass_prior(T(m.mass_prior)) {}
    LNN_HD bool is_angle(int i) const { return angles >> i & 1; }
};

// `pairs` of directions (A_k, B_k) in the gradient: 0 for terms alone, 1 for a gradient, 3 for a rank-deficient M.
// Columns of the outer products, left | right: 0: h | pi, 1: zbar | y, 2 + 2 k: ubarA_k | t^A_k, 3 + 2 k: ubarB_k | t^B_k
template <int pairs>
inline constexpr int factor_columns = 2 + 2 * pairs;

// Reals a pass keeps of each hidden unit: s1, s2, u along d_1 .. d_n and c; for a gradient also s3 and g
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

// Units whose factors are kept: left ones of hidden units and outputs, right ones of inputs and hidden units.
LNN_HD int left_units(const MlpShape& s) { return s.hidden + s.widths[s.depth + 1]; }
LNN_HD int right_units(const MlpShape& s) { return s.widths[0] + s.hidden; }

// where a pass leaves the factors of the outer products: unit k's columns at k stride
template <class Ptr>
struct Factors {
    Ptr left, right;
    int stride;
};

// One sample (or one pack of samples) on its way through the network.
template <Real R, int N, int pairs, class T, class Ptr>
class LnnPass {
  public:
    static constexpr bool tape = pairs > 0;

    LNN_HD LnnPass(const LnnView<T, N>& view, Ptr scratch, Factors<Ptr> factors = {})
        : net_(view),
          shape_(view.shape),
          units_(scratch),
          front_(scratch + view.shape.hidden * reals),
          back_(front_ + view.shape.widest * buffer_columns<N, pairs>),
          factors_(factors) {}

    // the terms at (q, v); with a tape, also the columns y and h of the factors. L itself only where it is wanted.
    template <class State>
    LNN_HD Terms<R, N> terms(const State* q, const State* v, bool with_value = false) {
        start(q, v);
        int first = 0;
        for (int l = 1; l <= shape_.depth; ++l) {
            forward_layer<columns>(shape_, net_.parameters, l, true, front_, columns, back_, columns);
            activate(first, shape_.widths[l]);
            first += shape_.widths[l];
        }
        R value[1] = {R(0)};
        if (with_value)
            forward_layer<1>(shape_, net_.parameters, shape_.depth + 1, true, front_, columns, value, 1);
        Terms<R, N> terms;
        R along_c[N];
        contract(terms, along_c);
        finish(terms, along_c, value[0]);
        return terms;
    }

    // The remaining columns of the factors, after terms(): P0 = (lambda, 0), A_k = (0, a[k]), B_k = (0, b[k]), and
    // B_0 = (v, b[0]). The bracket is DL[P0] - sum_k D2L[A_k, B_k].
    LNN_HD void factors(const R* lambda, const R (*a)[N], const R (*b)[N])
        requires(pairs > 0)
    {
        start_pairs(lambda, a, b);
        int first = 0, below = 0;
        for (int l = 1; l <= shape_.depth; ++l) {
            const int above = below + shape_.widths[l - 1];
            // m: pi of the layer below, through the weights
            forward_layer<1>(shape_, net_.parameters, l, false, right(below), factors_.stride, right(above),
                             factors_.stride);
            for (int k = 0; k < shape_.widths[l]; ++k) extend(first + k, right(above + k), a, b);
            first += shape_.widths[l];
            below = above;
        }
        for (int o = 0; o < shape_.widths[shape_.depth + 1]; ++o)
            for (int c = 0; c < F; ++c) left(shape_.hidden + o)[c] = R(c == 0 ? 1 : 0);
        sweep(a, b);
    }

  private:
    static constexpr int columns = N + 2;  // y, t along d_1 .. d_n, t along c
    static constexpr int reals = unit_reals<N, pairs>;
    static constexpr int F = factor_columns<pairs>;
    // what is kept of a unit
    static constexpr int S1 = 0, S2 = 1, U = 2, S3 = N + 3, G = N + 4;

    const LnnView<T, N>& net_;
    const MlpShape& shape_;
    Ptr units_, front_, back_;
    Factors<Ptr> factors_;
    R sine_[N], cosine_[N], v_[N];

    LNN_HD Ptr left(int unit) const { return factors_.left + unit * factors_.stride; }
    LNN_HD Ptr right(int unit) const { return factors_.right + unit * factors_.stride; }

    // inputs and their tangents into front_
    template <class State>
    LNN_HD void start(const State* q, const State* v) {
        int k = 0;
        auto put = [&](R y, R along_c, int velocity) {
            const auto x = front_ + k * columns;
            x[0] = y;
            for (int d = 0; d < N; ++d) x[1 + d] = d == velocity ? R(net_.velocity_inverse) : R(0);
            x[1 + N] = along_c;
            if constexpr (tape) right(k)[1] = y;
            ++k;
        };
        for (int i = 0; i < N; ++i) {
            v_[i] = convert<R>(v[i]);
            if (net_.is_angle(i)) {
                State sine, cosine;
                sin_cos(q[i], sine, cosine);
                sine_[i] = convert<R>(sine);
                cosine_[i] = convert<R>(cosine);
                put(cosine_[i], -sine_[i] * v_[i], -1);
                put(sine_[i], cosine_[i] * v_[i], -1);
            } else {
                put(convert<R>(q[i]), v_[i], -1);
            }
        }
        for (int i = 0; i < N; ++i) put(v_[i] * R(net_.velocity_inverse), R(0), i);
    }

    // back_ holds z and the u of a layer whose units begin at `first`; front_ gets its y and t
    LNN_HD void activate(int first, int width) {
        for (int k = 0; k < width; ++k) {
            const auto z = back_ + k * columns;
            const auto y = front_ + k * columns;
            const auto kept = units_ + (first + k) * reals;
            const Softplus<R> f = softplus(R(z[0]));
            y[0] = f.y;
            kept[S1] = f.s1;
            kept[S2] = f.s2;
            LNN_UNROLL
            for (int d = 0; d <= N; ++d) {
                kept[U + d] = z[1 + d];
                y[1 + d] = f.s1 * z[1 + d];
            }
            if constexpr (tape) {
                kept[S3] = f.s3;
                right(shape_.widths[0] + first + k)[1] = f.y;
            }
        }
    }

    // g down the layers, with the contractions M_ij and D2L[d_i, c] on the way; leaves dL/dinputs in front_
    LNN_HD void contract(Terms<R, N>& terms, R* along_c) {
        for (auto& m : terms.mass) m = R(0);
        for (int i = 0; i < N; ++i) along_c[i] = R(0);
        const R one[1] = {R(1)};
        backward_layer<1>(shape_, net_.parameters, shape_.depth + 1, one, 1, front_, 1);
        int first = shape_.hidden;
        for (int l = shape_.depth; l >= 1; --l) {
            first -= shape_.widths[l];
            for (int k = 0; k < shape_.widths[l]; ++k) {
                const auto kept = units_ + (first + k) * reals;
                const R g = front_[k], h = g * kept[S1], weight = g * kept[S2];
                back_[k] = h;
                if constexpr (tape) {
                    kept[G] = g;
                    left(first + k)[0] = h;
                }
                LNN_UNROLL
                for (int i = 0; i < N; ++i) {
                    const R wu = weight * kept[U + i];
                    LNN_UNROLL
                    for (int j = 0; j <= i; ++j)
                        terms.mass[packed(i, j)] = mul_add(wu, R(kept[U + j]), terms.mass[packed(i, j)]);
                    along_c[i] = mul_add(wu, R(kept[U + N]), along_c[i]);
                }
            }
            backward_layer<1>(shape_, net_.parameters, l, back_, 1, front_, 1);
        }
    }

    // the terms from dL/dinputs in front_, with the mass prior
    LNN_HD void finish(Terms<R, N>& terms, const R* along_c, R value) {
        const R prior(net_.mass_prior);
        int k = 0;
        for (int i = 0; i < N; ++i) {
            R dq = front_[k];
            if (net_.is_angle(i)) {
                dq = cosine_[i] * front_[k + 1] - sine_[i] * front_[k];
                ++k;
            }
            ++k;
            terms.force[i] = dq - along_c[i];
        }
        R speed2(0);
        for (int i = 0; i < N; ++i) {
            terms.momentum[i] = mul_add(prior, v_[i], front_[k + i] * R(net_.velocity_inverse));
            terms.mass[packed(i, i)] = terms.mass[packed(i, i)] + prior;
            speed2 = mul_add(v_[i], v_[i], speed2);
        }
        terms.value = mul_add(R(0.5) * prior, speed2, value);
    }

    // pi, t^A and t^B of the inputs
    LNN_HD void start_pairs(const R* lambda, const R (*a)[N], const R (*b)[N]) {
        int k = 0;
        auto coordinate = [&](int i, R slope) {  // an input that moves with coordinate i
            const auto x = right(k++);
            x[0] = slope * lambda[i];
            for (int p = 0; p < pairs; ++p) {
                x[2 + 2 * p] = R(0);
                x[3 + 2 * p] = p == 0 ? slope * v_[i] : R(0);
            }
        };
        for (int i = 0; i < N; ++i) {
            if (net_.is_angle(i)) {
                coordinate(i, -sine_[i]);
                coordinate(i, cosine_[i]);
            } else {
                coordinate(i, R(1));
            }
        }
        for (int i = 0; i < N; ++i) {
            const auto x = right(k++);
            x[0] = R(0);
            for (int p = 0; p < pairs; ++p) {
                x[2 + 2 * p] = R(net_.velocity_inverse) * a[p][i];
                x[3 + 2 * p] = R(net_.velocity_inverse) * b[p][i];
            }
        }
    }

    // u along A_p and B_p from u along d_1 .. d_n and c
    template <class Unit>
    LNN_HD void tangents(Unit kept, int p, const R (*a)[N], const R (*b)[N], R& along_a, R& along_b) const {
        along_a = R(0);
        along_b = p == 0 ? R(kept[U + N]) : R(0);
        LNN_UNROLL
        for (int i = 0; i < N; ++i) {
            along_a = mul_add(a[p][i], R(kept[U + i]), along_a);
            along_b = mul_add(b[p][i], R(kept[U + i]), along_b);
        }
    }

    // a unit's right factors from m (standing in column 0), and what of its left factors does not come from above
    template <class Right>
    LNN_HD void extend(int unit, Right x, const R (*a)[N], const R (*b)[N]) {
        const auto kept = units_ + unit * reals;
        const auto out = left(unit);
        const R g = kept[G], m = x[0], curvature = g * kept[S2];
        R product(0);
        LNN_UNROLL
        for (int p = 0; p < pairs; ++p) {
            R along_a, along_b;
            tangents(kept, p, a, b, along_a, along_b);
            product = mul_add(along_a, along_b, product);
            x[2 + 2 * p] = kept[S1] * along_a;
            x[3 + 2 * p] = kept[S1] * along_b;
            out[2 + 2 * p] = -curvature * along_b;
            out[3 + 2 * p] = -curvature * along_a;
        }
        x[0] = kept[S1] * m - kept[S2] * product;
        out[1] = curvature * m - g * kept[S3] * product;
    }

    // zeta, alpha_k and beta_k down the layers, into the left factors
    LNN_HD void sweep(const R (*a)[N], const R (*b)[N]) {
        constexpr int C = 1 + 2 * pairs;
        int first = shape_.hidden;
        for (int l = shape_.depth; l >= 1; --l) {
            first -= shape_.widths[l];
            if (l == shape_.depth) continue;  // the output has no curvature: nothing comes from above
            backward_layer<C>(shape_, net_.parameters, l + 1, left(first + shape_.widths[l]) + 1, factors_.stride,
                              front_, C);
            for (int k = 0; k < shape_.widths[l]; ++k) {
                const auto kept = units_ + (first + k) * reals;
                const auto out = left(first + k);
                const auto in = front_ + k * C;
                R sum(0);
                LNN_UNROLL
                for (int p = 0; p < pairs; ++p) {
                    R along_a, along_b;
                    tangents(kept, p, a, b, along_a, along_b);
                    const R alpha = in[1 + 2 * p], beta = in[2 + 2 * p];
                    sum = mul_add(alpha, along_a, mul_add(beta, along_b, sum));
                    out[2 + 2 * p] = mul_add(alpha, R(kept[S1]), R(out[2 + 2 * p]));
                    out[3 + 2 * p] = mul_add(beta, R(kept[S1]), R(out[3 + 2 * p]));
                }
                out[1] = mul_add(R(in[0]), R(kept[S1]), mul_add(sum, R(kept[S2]), R(out[1])));
            }
        }
    }
};

}  // namespace lnn::inline LNN_ISA
