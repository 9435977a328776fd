// A Deep Lagrangian Network (Lutter, Ritter & Peters 2019, arXiv 1907.04490): the kinetic energy is quadratic in the
// velocities, and its mass matrix positive definite by construction.
//
//   L = 1/2 v^T M(q) v - V(q),   M = C C^T + c 1
//
// One network of phi(q) gives C, lower triangular, row by row, its diagonal through a softplus, and then V: n (n + 1) / 2
// + 1 outputs o. c is the mass prior. With dots for derivatives as q moves along v, and ' for those along lambda:
//
//   dL/dC = v (C^T v)^T     p = M v     f = dL/dq - (Cdot C^T + C Cdot^T) v
//
// Terms in 3 columns through each weight matrix: the value, one tangent, and the adjoint g of L.
//
// Gradient in 6 more: of the bracket of lagrangian.hpp,
//
//   (C'^T v) . (C^T v) - V'  -  (Cdot^T a) . (C^T v) - (C^T a) . (Cdot^T v)  -  sum_k (C^T a_k) . (C^T b_k),   a = a_0
//
// the tangent along lambda goes forward (its adjoint is g), zeta and beta, the adjoints of values and of the tangent
// along v, go back, and three outer products end it. A_k and B_k, k > 0, are velocities, which the network does not see:
// where M is below the floor of the solve only the last sum has more terms.
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

// The stages of models/lnn.hpp. Columns of the outer products, left | right: 0: h | pi, the tangent along lambda;
// 1: zbar | y; 2: ubar | t, the tangent along v
template <Real R, int N, Tape kind, class T, class Ptr, int rows = 8>
class DelanPass {
  public:
    static constexpr bool tape = kind != Tape::none;
    using Inputs = NetworkInputs<R, N>;
    using Output = Terms<R, N>;
    using Answer = LagrangianAnswer<R, N>;

    LNN_HD static constexpr int factor_columns(int) { return 3; }
    static constexpr int bias_column = 1;
    LNN_HD static constexpr int along_reals(int n) { return direction_reals<kind, N>(n); }
    LNN_HD static int scratch(const MlpShape& s, int n) {
        return dof_of<N>(n) + outputs_of(s) * output_reals + s.hidden * unit_reals + 2 * s.widest * buffer_columns;
    }

    LNN_HD DelanPass(const NetworkView<T>& view, Ptr memory, Factors<Ptr> factors = {})
        : net_(view),
          shape_(view.shape),
          v_(memory),
          outputs_(v_ + dof_of<N>(view.dof)),
          units_(outputs_ + outputs_of(view.shape) * output_reals),
          even_(units_ + view.shape.hidden * unit_reals),
          odd_(even_ + view.shape.widest * buffer_columns),
          factors_(factors) {}

    template <class State>
    LNN_HD void forward(const State* q, const State* v, Inputs& inputs, Output& terms, bool = false) {
        start(q, v, inputs);
        for (int s = 0; s < forward_stages(); ++s) forward_stage(s, 0, forward_units(s));
        finish(inputs, nullptr, terms);
    }
    template <class Along>
    LNN_HD void backward(const Inputs& inputs, const Along& along) requires(tape) {
        start_backward(inputs, along);
        for (int s = 0; s < backward_stages(); ++s) backward_stage(s, 0, backward_units(s), along);
    }

    // up to the outputs, their adjoints, and down to the inputs
    LNN_HD int forward_stages() const { return 2 * shape_.depth + 3; }
    LNN_HD int forward_units(int s) const { return shape_.widths[s <= shape_.depth ? s + 1 : layer_down(s)]; }
    LNN_HD void forward_stage(int s, int begin, int count) {
        if (s <= shape_.depth)
            rise(s + 1, begin, count);
        else if (layer_down(s) > shape_.depth)
            adjoint_of_outputs(begin, count);
        else
            adjoint(layer_down(s), begin, count);
    }

    template <class State>
    LNN_HD void start(const State* q, const State* v, Inputs& inputs) {
        put_coordinates(net_, q, v, inputs, [&](int k, R y, R along_v) {
            const auto x = buffer(0) + 2 * k;
            x[0] = y;
            x[1] = along_v;
            if constexpr (tape) {
                right(k)[1] = y;
                right(k)[2] = along_v;
            }
        });
        for (int i = 0; i < dof(); ++i) v_[i] = inputs.v[i];
    }

    static constexpr int most_sums = 1;
    LNN_HD static constexpr int sums(int) { return 0; }
    LNN_HD R sum(int) const { return R(0); }

    // the terms from the outputs and from dL/dinputs, with the mass prior
    LNN_HD void finish(const Inputs& inputs, const R*, Output& terms) const {
        const auto slope = buffer(0);
        const R prior(net_.mass_prior);
        derivatives_in_coordinates(
            net_, inputs, [&](int k) { return R(slope[k]); }, terms.force);
        const auto v = [&](int i) { return inputs.v[i]; };
        R speed2(0);
        terms.value = -value(shape_.widths[shape_.depth + 1] - 1, Value);
        for (int i = 0; i < dof(); ++i) {
            terms.momentum[i] = prior * inputs.v[i];
            speed2 = mul_add(inputs.v[i], inputs.v[i], speed2);
            for (int j = 0; j <= i; ++j) terms.mass[packed(i, j)] = i == j ? prior : R(0);
        }
        for (int j = 0; j < dof(); ++j) {
            const Column column(*this, j);
            const R along = column.product(Value, v), moved = column.product(AlongV, v);
            terms.value = mul_add(R(0.5) * along, along, terms.value);
            for (int i = j; i < dof(); ++i) {
                const R c = column(Value, i);
                terms.momentum[i] = mul_add(c, along, terms.momentum[i]);
                terms.force[i] = terms.force[i] - mul_add(column(AlongV, i), along, c * moved);
                for (int k = j; k <= i; ++k)
                    terms.mass[packed(i, k)] = mul_add(c, column(Value, k), terms.mass[packed(i, k)]);
            }
        }
        terms.value = mul_add(R(0.5) * prior, speed2, terms.value);
        Damping<R, N, T>(net_).add_force(inputs.v, terms.force);
    }

    // pi of the inputs
    template <class Along>
    LNN_HD void start_backward(const Inputs& inputs, const Along& along) {
        for_coordinates(net_, inputs, [&](int k, int i, R slope) { right(k)[0] = slope * along.lambda(i); });
        Damping<R, N, T>(net_).factors(inputs.v, along, factors_, factor_columns(net_.dof));
    }

    // pi up to the outputs, what the bracket leaves there, and down to the first layer
    LNN_HD int backward_stages() const { return 2 * shape_.depth + 2; }
    LNN_HD int backward_units(int s) const { return shape_.widths[s <= shape_.depth ? s + 1 : layer_down(s)]; }
    template <class Along>
    LNN_HD void backward_stage(int s, int begin, int count, const Along& along) {
        if (s <= shape_.depth)
            extend(s + 1, begin, count);
        else if (layer_down(s) > shape_.depth)
            bracket_at_outputs(begin, count, along);
        else
            sweep(layer_down(s), begin, count);
    }

    template <class Along>
    LNN_HD void cotangent(const Inputs& inputs, const Along& along, R* in_q, R* in_v) requires(tape) {
        const int columns = factor_columns(net_.dof);
        backward_layer<3, rows>(shape_, net_.parameters, 1, 0, shape_.widths[0], left(0), factors_.stride, even_,
                                columns);
        const auto adjoint_of = [&](int k, int column) { return R(even_[k * columns + column]); };
        derivatives_in_coordinates(
            net_, inputs, [&](int k) { return adjoint_of(k, 1); }, in_q);
        for (int i = 0; i < dof(); ++i) in_v[i] = R(0);
        for (int j = 0; j < dof(); ++j) {
            const Column column(*this, j);
            const Products of(column, *this, along);
            for (int i = j; i < dof(); ++i) {
                const R gains = mul_add(column(AlongLambda, i), of.v, column(Value, i) * of.prime_v);
                const R loses = mul_add(column(AlongV, i), of.a, column(Value, i) * of.dot_a);
                in_v[i] = in_v[i] + (gains - loses);
            }
        }
        add_derivatives_in_tangents(
            net_, inputs, along, [&](int k) { return adjoint_of(k, 0); }, [&](int k) { return adjoint_of(k, 2); }, in_q,
            in_v);
        Damping<R, N, T>(net_).add_cotangent(along, in_v);
    }

  private:
    // what is kept of an output, by place: o and its tangents
    enum OutputPlace { Value, AlongV, AlongLambda };
    static constexpr int output_reals = tape ? 3 : 2;
    // of a unit: s1; with a tape s2, after the adjoint g s2; and s2 u
    static constexpr int S1 = 0, GS2 = 1, S2U = 2, unit_reals = tape ? 3 : 1;
    static constexpr int buffer_columns = tape ? 3 : 2;
    LNN_HD static int outputs_of(const MlpShape& s) { return s.widths[s.depth + 1]; }

    const NetworkView<T>& net_;
    const MlpShape& shape_;
    Ptr v_, outputs_, units_, even_, odd_;
    Factors<Ptr> factors_;

    LNN_HD int dof() const { return dof_of<N>(net_.dof); }
    // of the stages after the outputs' own, from depth + 1 on: down through the layers
    LNN_HD int layer_down(int s) const { return 2 * shape_.depth + 2 - s; }
    LNN_HD Ptr buffer(int l) const { return l % 2 ? odd_ : even_; }
    LNN_HD Ptr output(int number) const { return outputs_ + number * output_reals; }
    LNN_HD R value(int number, OutputPlace place) const { return output(number)[place]; }
    LNN_HD Ptr unit(int number) const { return units_ + number * unit_reals; }
    LNN_HD Ptr left(int number) const { return factors_.left + number * factors_.stride; }
    LNN_HD Ptr right(int number) const { return factors_.right + number * factors_.stride; }

    // column j of C, or of one of its tangents: rows i >= j
    struct Column {
        const DelanPass& pass;
        int j;
        Softplus<R> diagonal;

        LNN_HD Column(const DelanPass& p, int column)
            : pass(p), j(column), diagonal(softplus(p.value(packed(column, column), Value))) {}
        LNN_HD R operator()(OutputPlace place, int i) const {
            if (i != j) return pass.value(packed(i, j), place);
            return place == Value ? diagonal.y : diagonal.s1 * pass.value(packed(j, j), place);
        }
        // with x(i)
        template <class X>
        LNN_HD R product(OutputPlace place, const X& x) const {
            R sum(0);
            for (int i = j; i < pass.dof(); ++i) sum = mul_add((*this)(place, i), x(i), sum);
            return sum;
        }
    };

    // products of a column of C, Cdot and C' with v and with a_0
    struct Products {
        R v, a, dot_v, dot_a, prime_v;

        template <class Along>
        LNN_HD Products(const Column& column, const DelanPass& pass, const Along& along) {
            const auto speed = [&](int i) { return R(pass.v_[i]); };
            const auto direction = [&](int i) { return R(along.a(0, i)); };
            v = column.product(Value, speed);
            a = column.product(Value, direction);
            dot_v = column.product(AlongV, speed);
            dot_a = column.product(AlongV, direction);
            prime_v = column.product(AlongLambda, speed);
        }
    };

    // row and column of an entry of C
    LNN_HD static void place_of(int entry, int& i, int& j) {
        for (i = 0, j = entry; j > i; ++i) j -= i + 1;
    }

    // z and u of layer l from y and t of the layer below; of a hidden layer then y and t in their place
    LNN_HD void rise(int l, int begin, int count) {
        const bool output_layer = l > shape_.depth;
        const auto z = buffer(l);
        forward_layer<2, rows>(shape_, net_.parameters, l, true, begin, count, buffer(l - 1), 2, z, 2);
        for (int k = begin; k < begin + count; ++k) {
            if (output_layer) {
                output(k)[Value] = z[2 * k];
                output(k)[AlongV] = z[2 * k + 1];
                continue;
            }
            const int number = shape_.first[l] + k;
            const Softplus<R> f = softplus(R(z[2 * k]));
            const R u = z[2 * k + 1];
            z[2 * k] = f.y;
            z[2 * k + 1] = f.s1 * u;
            unit(number)[S1] = f.s1;
            if constexpr (tape) {
                unit(number)[GS2] = f.s2;
                unit(number)[S2U] = f.s2 * u;
                right(shape_.widths[0] + number)[1] = f.y;
                right(shape_.widths[0] + number)[2] = f.s1 * u;
            }
        }
    }

    // dL/do
    LNN_HD void adjoint_of_outputs(int begin, int count) {
        const auto g = buffer(shape_.depth + 1);
        for (int k = begin; k < begin + count; ++k) {
            R slope(-1);  // of the potential
            if (k < packed_size(dof())) {
                int i, j;
                place_of(k, i, j);
                const Column column(*this, j);
                slope = v_[i] * column.product(Value, [&](int r) { return R(v_[r]); });
                if (i == j) slope = slope * column.diagonal.s1;
            }
            g[k] = slope;
            if constexpr (tape) left(shape_.hidden + k)[0] = slope;
        }
    }

    // g and h of layer l from h of the layer above; for l = 0 dL/dinputs
    LNN_HD void adjoint(int l, int begin, int count) {
        const auto g = buffer(l);
        backward_layer<1, rows>(shape_, net_.parameters, l + 1, begin, count, buffer(l + 1), 1, g, 1);
        if (l == 0) return;
        for (int k = begin; k < begin + count; ++k) {
            const int number = shape_.first[l] + k;
            const R gk = g[k], h = gk * unit(number)[S1];
            g[k] = h;
            if constexpr (tape) {
                unit(number)[GS2] = gk * unit(number)[GS2];
                left(number)[0] = h;
            }
        }
    }

    // pi of layer l from that of the layer below
    LNN_HD void extend(int l, int begin, int count) {
        const int above = shape_.widths[0] + shape_.first[l], below = above - shape_.widths[l - 1];
        if (l > shape_.depth) {
            forward_layer<1, rows>(shape_, net_.parameters, l, false, begin, count, right(below), factors_.stride,
                                   output(0) + AlongLambda, output_reals);
            return;
        }
        forward_layer<1, rows>(shape_, net_.parameters, l, false, begin, count, right(below), factors_.stride,
                               right(above), factors_.stride);
        for (int k = begin; k < begin + count; ++k) {
            const auto kept = unit(shape_.first[l] + k), x = right(above + k);
            const R m = x[0];
            x[0] = kept[S1] * m;
            left(shape_.first[l] + k)[1] = kept[GS2] * m;
        }
    }

    // the derivatives of the bracket in the outputs and in their tangents along v
    template <class Along>
    LNN_HD void bracket_at_outputs(int begin, int count, const Along& along) {
        for (int k = begin; k < begin + count; ++k) {
            const auto out = left(shape_.hidden + k);
            if (k == packed_size(dof())) {  // the potential is in none of them but through its tangent along lambda
                out[1] = out[2] = R(0);
                continue;
            }
            int i, j;
            place_of(k, i, j);
            const Column column(*this, j);
            const Products of(column, *this, along);
            const R v = v_[i], a0 = along.a(0, i);
            R in_value = v * (of.prime_v - of.dot_a) - a0 * of.dot_v;
            for (int p = 0; p < bracket_pairs<kind, N>(net_.dof); ++p) {
                const auto a = [&](int r) { return R(along.a(p, r)); };
                const auto b = [&](int r) { return R(along.b(p, r)); };
                in_value = in_value - mul_add(a(i), column.product(Value, b), b(i) * column.product(Value, a));
            }
            R in_tangent = -mul_add(a0, of.v, v * of.a);
            if (i == j) {
                const Softplus<R>& f = column.diagonal;
                const R bent = mul_add(value(k, AlongV), in_tangent, value(k, AlongLambda) * (v * of.v));
                in_value = mul_add(f.s1, in_value, f.s2 * bent);
                in_tangent = f.s1 * in_tangent;
            }
            out[1] = in_value;
            out[2] = in_tangent;
        }
    }

    // zeta and beta from the layer above into the left factors of layer l
    LNN_HD void sweep(int l, int begin, int count) {
        backward_layer<2, rows>(shape_, net_.parameters, l + 1, begin, count, left(shape_.first[l + 1]) + 1,
                                factors_.stride, even_, 2);
        for (int k = begin; k < begin + count; ++k) {
            const auto kept = unit(shape_.first[l] + k), out = left(shape_.first[l] + k);
            const R zeta = even_[2 * k], beta = even_[2 * k + 1];
            out[1] = mul_add(zeta, R(kept[S1]), mul_add(beta, R(kept[S2U]), R(out[1])));
            out[2] = beta * kept[S1];
        }
    }
};

struct Delan {
    static constexpr ModelTable table = {
        .name = "delan",
        .summary = "Deep Lagrangian Network: L = 1/2 v M(q) v - V(q), M positive definite by construction",
        .lagrangian = true,
        .first_weights = {unit_mass_weights}};
    static constexpr int exact_dof = 0;

    LNN_HD static MlpShape shape(const ModelSpec& m) {
        return mlp_shape(coordinate_inputs(m), m.depth, m.hidden.data(), packed_size(m.dof) + 1, m.damping ? m.dof : 0);
    }
    template <Real R, int N, Tape tape, class T, class Ptr, int rows = 8>
    using Pass = DelanPass<R, N, tape, T, Ptr, rows>;
};

}  // namespace lnn::inline LNN_ISA
