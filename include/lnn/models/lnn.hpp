// The black-box Lagrangian network, L(q, v) = network + 1/2 c |v|^2, with its analytic derivatives.
//
// Terms in n + 3 columns through each weight matrix: the value, tangents along d_i = e_(v_i) and c = (v, 0), and one
// adjoint g; every second derivative is the contraction D2L[d, e] = sum g s2 u^d u^e over the hidden units (u a
// tangent before the activation; phi'' drops out of every pair used here).
//
// Gradient, from the bracket of lagrangian.hpp, in 8 more columns: one forward column pi (m before its activation), whose
// adjoint is g; a reverse sweep of three (zeta, alpha, beta), the adjoints of y, t^A, t^B; four outer products. Where M
// is rank-deficient or below the floor of the solve there are more pairs (A, B).
//
// Cotangent of the state, dl/dq and dl/dv: the sweep carried on to the inputs. Of these, y, pi and t^B move with q, and
// t^B with v.
//
// Damping may stand beside it (models/damping.hpp).
#pragma once

#include "lnn/first_weights.hpp"
#include "lnn/lagrangian.hpp"
#include "lnn/models/damping.hpp"
#include "lnn/models/network.hpp"
#include "lnn/models/table.hpp"
#include "lnn/softplus.hpp"

namespace lnn::inline LNN_ISA {

// One sample (or one pack of samples) on its way through the network, in stages. A stage that takes `begin, count` does
// so many units of a layer; units touch nothing of each other, so that threads may share them out between two barriers.
// forward() and backward() are all stages in turn. `rows`: units multiplied at once, at most.
//
// Columns of the outer products, left | right: 0: h | pi, 1: zbar | y, 2 + 2 k: ubarA_k | t^A_k, 3 + 2 k: ubarB_k | t^B_k
template <Real R, int N, Tape kind, class T, class Ptr, int rows = 8>
class LnnPass {
  public:
    static constexpr bool tape = kind != Tape::none;
    using Inputs = NetworkInputs<R, N>;
    using Output = Terms<R, N>;
    using Answer = LagrangianAnswer<R, N>;

    // columns of the outer products for n degrees of freedom, of which this one gives the gradient of the biases
    LNN_HD static constexpr int factor_columns(int n) { return 2 + 2 * bracket_pairs<kind, N>(n); }
    static constexpr int bias_column = 1;
    // Reals of the directions that a gradient goes along
    LNN_HD static constexpr int along_reals(int n) { return direction_reals<kind, N>(n); }
    // Reals of scratch that a pass needs
    LNN_HD static int scratch(const MlpShape& s, int n) {
        return s.hidden * unit_reals(n) + 2 * s.widest * buffer_columns(n);
    }

    LNN_HD LnnPass(const NetworkView<T>& view, Ptr memory, Factors<Ptr> factors = {})
        : net_(view),
          shape_(view.shape),
          units_(memory),
          even_(memory + view.shape.hidden * unit_reals(view.dof)),
          odd_(even_ + view.shape.widest * buffer_columns(view.dof)),
          factors_(factors) {}

    // the terms at (q, v); with a tape, also the columns y and h of the factors. L itself only where it is wanted.
    template <class State>
    LNN_HD void forward(const State* q, const State* v, Inputs& inputs, Output& terms, bool with_value = false) {
        start(q, v, inputs);
        for (int l = 1; l <= shape_.depth; ++l) rise(l, 0, shape_.widths[l]);
        const R value = with_value ? output() : R(0);
        R curvature[most_sums];
        for (int i = 0; i < sums(net_.dof); ++i) curvature[i] = R(0);
        for (int l = shape_.depth; l >= 0; --l) {
            adjoint(l, 0, shape_.widths[l]);
            if (l > 0) contract(l, curvature);
        }
        finish(inputs, curvature, terms, value);
    }

    // the remaining columns of the factors, after forward()
    template <class Along>
    LNN_HD void backward(const Inputs& inputs, const Along& along) requires(tape) {
        start_backward(inputs, along);
        for (int s = 0; s < backward_stages(); ++s) backward_stage(s, 0, backward_units(s), along);
    }

    // the stages of forward() between start() and finish(), and their units
    LNN_HD int forward_stages() const { return 2 * shape_.depth + 1; }
    LNN_HD int forward_units(int s) const { return shape_.widths[s < shape_.depth ? s + 1 : 2 * shape_.depth - s]; }
    LNN_HD void forward_stage(int s, int begin, int count) {
        if (s < shape_.depth)
            rise(s + 1, begin, count);
        else
            adjoint(2 * shape_.depth - s, begin, count);
    }

    // inputs and their tangents
    template <class State>
    LNN_HD void start(const State* q, const State* v, Inputs& inputs) {
        network_inputs(net_, q, v, inputs, [&](int k, R y, R along_c, int velocity) {
            const auto x = buffer(0) + k * columns();
            x[0] = y;
            for (int d = 0; d < dof(); ++d) x[1 + d] = d == velocity ? R(net_.velocity_inverse) : R(0);
            x[1 + dof()] = along_c;
            if constexpr (tape) right(k)[1] = y;
        });
    }

    // Second derivatives of L to sum over the units: M_ij in the order of packed(i, j), then D2L[d_i, c].
    static constexpr int most_sums = packed_size(most_dof<N>) + most_dof<N>;
    LNN_HD static constexpr int sums(int n) { return packed_size(dof_of<N>(n)) + dof_of<N>(n); }

    // number `entry` of them
    LNN_HD R sum(int entry) const {
        int i = entry - packed_size(dof()), j = dof();  // j = n: along c
        if (i < 0)
            for (i = 0, j = entry; j > i; ++i) j -= i + 1;
        R total(0);
        for (int l = shape_.depth; l >= 1; --l)
            for (int k = 0; k < shape_.widths[l]; ++k) total = curvature(unit(shape_.first[l] + k), i, j, total);
        return total;
    }

    // the terms from the sums over the units and from dL/dinputs, with the mass prior
    LNN_HD void finish(const Inputs& inputs, const R* curvature, Output& terms, R value = R(0)) const {
        const auto slope = buffer(0);
        const R prior(net_.mass_prior);
        derivatives_in_states(
            net_, inputs, [&](int k) { return R(slope[k]); }, terms.force, terms.momentum);
        for (int i = 0; i < dof(); ++i) terms.force[i] = terms.force[i] - curvature[packed_size(dof()) + i];
        for (int i = 0; i < packed_size(dof()); ++i) terms.mass[i] = curvature[i];
        R speed2(0);
        for (int i = 0; i < dof(); ++i) {
            terms.momentum[i] = mul_add(prior, inputs.v[i], terms.momentum[i]);
            terms.mass[packed(i, i)] = terms.mass[packed(i, i)] + prior;
            speed2 = mul_add(inputs.v[i], inputs.v[i], speed2);
        }
        Damping<R, N, T>(net_).add_force(inputs.v, terms.force);
        terms.value = mul_add(R(0.5) * prior, speed2, value);
    }

    // pi, t^A and t^B of the inputs; factors of the output, which has no curvature
    template <class Along>
    LNN_HD void start_backward(const Inputs& inputs, const Along& along) {
        int k = for_coordinates(net_, inputs, [&](int at, int i, R slope) {
            const auto x = right(at);
            x[0] = slope * along.lambda(i);
            for (int p = 0; p < pairs(); ++p) {
                x[2 + 2 * p] = R(0);
                x[3 + 2 * p] = p == 0 ? slope * inputs.v[i] : R(0);
            }
        });
        for (int i = 0; i < dof(); ++i) {
            const auto x = right(k++);
            x[0] = R(0);
            for (int p = 0; p < pairs(); ++p) {
                x[2 + 2 * p] = R(net_.velocity_inverse) * along.a(p, i);
                x[3 + 2 * p] = R(net_.velocity_inverse) * along.b(p, i);
            }
        }
        const int columns_of_factors = factor_columns(net_.dof);
        for (int o = 0; o < shape_.widths[shape_.depth + 1]; ++o)
            for (int c = 0; c < columns_of_factors; ++c) left(shape_.hidden + o)[c] = R(c == 0 ? 1 : 0);
        Damping<R, N, T>(net_).factors(inputs.v, along, factors_, columns_of_factors);
    }

    // the stages of backward() after start_backward(), and their units
    LNN_HD int backward_stages() const { return shape_.depth > 0 ? 2 * shape_.depth - 1 : 0; }
    LNN_HD int backward_units(int s) const { return shape_.widths[backward_layer_of(s)]; }
    template <class Along>
    LNN_HD void backward_stage(int s, int begin, int count, const Along& along) {
        if (s < shape_.depth)
            extend(backward_layer_of(s), begin, count, along);
        else
            sweep(backward_layer_of(s), begin, count, along);
    }

    // dl/dq and dl/dv, after backward()
    template <class Along>
    LNN_HD void cotangent(const Inputs& inputs, const Along& along, R* in_q, R* in_v) requires(tape) {
        const int columns_of_factors = factor_columns(net_.dof);
        if (shape_.depth > 0) {
            backward_layer<fixed_factors, rows>(shape_, net_.parameters, 1, 0, shape_.widths[0], left(0),
                                                factors_.stride, even_, columns_of_factors, columns_of_factors);
        } else {  // the output is linear in the inputs
            for (int k = 0; k < shape_.widths[0]; ++k)
                for (int c = 0; c < columns_of_factors; ++c)
                    even_[k * columns_of_factors + c] = c == 0 ? R(net_.parameters[shape_.weights[1] + k]) : R(0);
        }
        const auto adjoint_of = [&](int k, int column) { return R(even_[k * columns_of_factors + column]); };
        derivatives_in_states(
            net_, inputs, [&](int k) { return adjoint_of(k, 1); }, in_q, in_v);
        add_derivatives_in_tangents(
            net_, inputs, along, [&](int k) { return adjoint_of(k, 0); }, [&](int k) { return adjoint_of(k, 3); }, in_q,
            in_v);
        Damping<R, N, T>(net_).add_cotangent(along, in_v);
    }

  private:
    // What is kept of a unit, by place:
    //
    //   S1                s1
    //   S2                s2; without a tape, after the adjoint, g s2
    //   U .. U + n        u along d_1 .. d_n, then along c
    //   GS3 = U + n + 1   with a tape: s3, after the adjoint g s3
    //   GS2 = U + n + 2   with a tape: g s2, after the adjoint
    static constexpr int S1 = 0, S2 = 1, U = 2;
    LNN_HD static constexpr int unit_reals(int n) { return dof_of<N>(n) + 3 + (tape ? 2 : 0); }
    LNN_HD int GS3() const { return dof() + 3; }
    LNN_HD int GS2() const { return tape ? dof() + 4 : S2; }
    // columns that go through a weight matrix together: y, t along d_1 .. d_n, t along c; zeta, alpha_k and beta_k, with g
    // on their way to the inputs
    static constexpr int fixed_columns = N == any_dof ? 0 : N + 2;
    static constexpr int fixed_factors = kind == Tape::regular ? 4 : 0;
    static constexpr int fixed_swept = kind == Tape::regular ? 3 : 0;
    LNN_HD static constexpr int buffer_columns(int n) {
        const int forth = dof_of<N>(n) + 2, back = factor_columns(n);
        return forth > back ? forth : back;
    }

    const NetworkView<T>& net_;
    const MlpShape& shape_;
    Ptr units_, even_, odd_;
    Factors<Ptr> factors_;

    LNN_HD int dof() const { return dof_of<N>(net_.dof); }
    LNN_HD int columns() const { return dof() + 2; }
    LNN_HD int pairs() const { return bracket_pairs<kind, N>(net_.dof); }
    LNN_HD int backward_layer_of(int s) const { return s < shape_.depth ? s + 1 : 2 * shape_.depth - 1 - s; }
    // where layer l has its y and t, later its h
    LNN_HD Ptr buffer(int l) const { return l % 2 ? odd_ : even_; }
    LNN_HD Ptr unit(int number) const { return units_ + number * unit_reals(net_.dof); }
    LNN_HD Ptr left(int number) const { return factors_.left + number * factors_.stride; }
    LNN_HD Ptr right(int number) const { return factors_.right + number * factors_.stride; }

    // z and u of layer l from y and t of the layer below, l = 1 .. depth; then its y and t in their place
    LNN_HD void rise(int l, int begin, int count) {
        const auto z = buffer(l);
        forward_layer<fixed_columns, rows>(shape_, net_.parameters, l, true, begin, count, buffer(l - 1), columns(), z,
                                           columns(), columns());
        for (int k = begin; k < begin + count; ++k) activate(shape_.first[l] + k, z + k * columns());
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
            const auto kept = unit(shape_.first[l] + k);
            const R gk = g[k], h = gk * kept[S1];
            kept[GS2()] = gk * kept[S2];
            if constexpr (tape) {
                kept[GS3()] = gk * kept[GS3()];
                left(shape_.first[l] + k)[0] = h;
            }
            g[k] = h;
        }
    }

    // right factors of layer l from pi of the layer below, l = 1 .. depth, and what of its left factors does not come
    // from above
    template <class Along>
    LNN_HD void extend(int l, int begin, int count, const Along& along) {
        const int above = shape_.widths[0] + shape_.first[l], below = above - shape_.widths[l - 1];
        forward_layer<1, rows>(shape_, net_.parameters, l, false, begin, count, right(below), factors_.stride,
                               right(above), factors_.stride);
        for (int k = begin; k < begin + count; ++k) {
            const auto kept = unit(shape_.first[l] + k);
            const auto out = left(shape_.first[l] + k), x = right(above + k);
            const R m = x[0], g2 = kept[GS2()];
            R product(0);
            for (int p = 0; p < pairs(); ++p) {
                R along_a, along_b;
                tangents(kept, p, along, along_a, along_b);
                product = mul_add(along_a, along_b, product);
                x[2 + 2 * p] = kept[S1] * along_a;
                x[3 + 2 * p] = kept[S1] * along_b;
                out[2 + 2 * p] = -g2 * along_b;
                out[3 + 2 * p] = -g2 * along_a;
            }
            x[0] = kept[S1] * m - kept[S2] * product;
            out[1] = g2 * m - kept[GS3()] * product;
        }
    }

    // zeta, alpha_k and beta_k from the layer above into the left factors of layer l, l = depth - 1 .. 1
    template <class Along>
    LNN_HD void sweep(int l, int begin, int count, const Along& along) {
        const int swept = 1 + 2 * pairs();
        backward_layer<fixed_swept, rows>(shape_, net_.parameters, l + 1, begin, count, left(shape_.first[l + 1]) + 1,
                                          factors_.stride, even_, swept, swept);
        for (int k = begin; k < begin + count; ++k) {
            const auto kept = unit(shape_.first[l] + k);
            const auto out = left(shape_.first[l] + k);
            const auto in = even_ + k * swept;
            R sum(0);
            for (int p = 0; p < pairs(); ++p) {
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

    // z and u at `z` become y and t; the rest is kept
    LNN_HD void activate(int number, Ptr z) {
        const auto kept = unit(number);
        const Softplus<R> f = softplus(R(z[0]));
        z[0] = f.y;
        kept[S1] = f.s1;
        kept[S2] = f.s2;
        const int n = dof();
        LNN_UNROLL
        for (int d = 0; d <= n; ++d) {
            kept[U + d] = z[1 + d];
            z[1 + d] = f.s1 * z[1 + d];
        }
        if constexpr (tape) {
            kept[GS3()] = f.s3;
            right(shape_.widths[0] + number)[1] = f.y;
        }
    }

    LNN_HD R output() const {
        R value[1];
        forward_layer<1, rows>(shape_, net_.parameters, shape_.depth + 1, true, 0, 1, buffer(shape_.depth), columns(),
                               value, 1);
        return value[0];
    }

    // a unit's share of D2L along u_i and u_j
    LNN_HD R curvature(Ptr kept, int i, int j, R sum) const {
        return mul_add(kept[GS2()] * kept[U + i], R(kept[U + j]), sum);
    }
    LNN_HD void contract(int l, R* totals) const {
        const int n = dof();
        for (int k = 0; k < shape_.widths[l]; ++k) {
            const auto kept = unit(shape_.first[l] + k);
            LNN_UNROLL
            for (int i = 0; i < n; ++i) {
                LNN_UNROLL
                for (int j = 0; j <= i; ++j) totals[packed(i, j)] = curvature(kept, i, j, totals[packed(i, j)]);
                R& along_c = totals[packed_size(n) + i];
                along_c = curvature(kept, i, n, along_c);
            }
        }
    }

    // u along A_p and B_p from u along d_1 .. d_n and c
    template <class Along>
    LNN_HD void tangents(Ptr kept, int p, const Along& along, R& along_a, R& along_b) const {
        along_a = R(0);
        const int n = dof();
        along_b = p == 0 ? R(kept[U + n]) : R(0);
        LNN_UNROLL
        for (int i = 0; i < n; ++i) {
            along_a = mul_add(along.a(p, i), R(kept[U + i]), along_a);
            along_b = mul_add(along.b(p, i), R(kept[U + i]), along_b);
        }
    }
};

struct Lnn {
    static constexpr ModelTable table = {
        .name = "lnn",
        .summary = "Lagrangian neural network: L(q, v) is a softplus network, motion follows from Euler-Lagrange",
        .lagrangian = true,
        .first_weights = {definite_weights, positive_output_weights, lnn_weights, lnn_seed_weights}};
    static constexpr int exact_dof = 2;  // up to so many degrees of freedom have code of their own

    LNN_HD static MlpShape shape(const ModelSpec& m) { return network_shape(m, 1, m.damping ? m.dof : 0); }
    template <Real R, int N, Tape tape, class T, class Ptr, int rows = 8>
    using Pass = LnnPass<R, N, tape, T, Ptr, rows>;
};

}  // namespace lnn::inline LNN_ISA
