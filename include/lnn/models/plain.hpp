// A plain network that predicts accelerations, a = network, and its gradient by ordinary back-propagation.
//
// From r = dl/da at the outputs, delta of layer l is s1 W_(l+1)^T delta: dW_l = delta y^T, db_l = delta. The cotangent of
// the state is W_1^T delta, through phi.
#pragma once

#include "lnn/first_weights.hpp"
#include "lnn/lagrangian.hpp"
#include "lnn/models/network.hpp"
#include "lnn/models/table.hpp"
#include "lnn/softplus.hpp"

namespace lnn::inline LNN_ISA {

// accelerations as they are: there is no mass matrix to solve with
template <Real R, int N>
class PlainAnswer {
  public:
    LNN_HD PlainAnswer(const R* accelerations, const SolveSpec&, int n) : a(accelerations), n_(n) {}

    const R* a;

    LNN_HD R condition() const { return R(1); }
    LNN_HD MaskOf<R> truncated() const { return R(0) < R(0); }
    LNN_HD R energy(const R*) const { return R(NAN); }
    LNN_HD R lagrangian() const { return R(NAN); }
    template <class Ptr>
    LNN_HD void directions(const R* r, const Directions<Ptr, N>& along) const {
        for (int i = 0; i < dof_of<N>(n_); ++i) along.lambda(i) = r[i];
    }

  private:
    int n_;
};

// The stages of models/lnn.hpp. One column of the outer products: delta | y.
template <Real R, int N, Tape kind, class T, class Ptr, int rows = 8>
class PlainPass {
  public:
    static constexpr bool tape = kind != Tape::none;
    using Inputs = NetworkInputs<R, N>;
    struct Output {
        R accelerations[most_dof<N>];
        LNN_HD operator const R*() const { return accelerations; }
    };
    using Answer = PlainAnswer<R, N>;

    LNN_HD static constexpr int factor_columns(int) { return 1; }
    static constexpr int bias_column = 0;
    LNN_HD static constexpr int along_reals(int n) { return dof_of<N>(n); }
    LNN_HD static int scratch(const MlpShape& s, int) { return (tape ? s.hidden : 0) + 2 * s.widest; }

    LNN_HD PlainPass(const NetworkView<T>& view, Ptr memory, Factors<Ptr> factors = {})
        : net_(view),
          shape_(view.shape),
          slopes_(memory),
          even_(memory + (tape ? view.shape.hidden : 0)),
          odd_(even_ + view.shape.widest),
          factors_(factors) {}

    template <class State>
    LNN_HD void forward(const State* q, const State* v, Inputs& inputs, Output& output, bool = false) {
        start(q, v, inputs);
        for (int s = 0; s < forward_stages(); ++s) forward_stage(s, 0, forward_units(s));
        finish(inputs, nullptr, output);
    }
    template <class Along>
    LNN_HD void backward(const Inputs& inputs, const Along& along) requires(tape) {
        start_backward(inputs, along);
        for (int s = 0; s < backward_stages(); ++s) backward_stage(s, 0, backward_units(s), along);
    }

    LNN_HD int forward_stages() const { return shape_.depth + 1; }
    LNN_HD int forward_units(int s) const { return shape_.widths[s + 1]; }
    LNN_HD void forward_stage(int s, int begin, int count) {
        const int l = s + 1;
        const auto z = buffer(l);
        forward_layer<1, rows>(shape_, net_.parameters, l, true, begin, count, buffer(l - 1), 1, z, 1);
        if (l > shape_.depth) return;
        for (int k = begin; k < begin + count; ++k) {
            const Softplus<R> f = softplus(R(z[k]));
            z[k] = f.y;
            if constexpr (tape) {
                const int number = shape_.first[l] + k;
                slopes_[number] = f.s1;
                right(shape_.widths[0] + number)[0] = f.y;
            }
        }
    }

    template <class State>
    LNN_HD void start(const State* q, const State* v, Inputs& inputs) {
        network_inputs(net_, q, v, inputs, [&](int k, R y, R, int) {
            buffer(0)[k] = y;
            if constexpr (tape) right(k)[0] = y;
        });
    }

    static constexpr int most_sums = 1;
    LNN_HD static constexpr int sums(int) { return 0; }
    LNN_HD R sum(int) const { return R(0); }
    LNN_HD void finish(const Inputs&, const R*, Output& output) const {
        for (int i = 0; i < dof_of<N>(net_.dof); ++i) output.accelerations[i] = buffer(shape_.depth + 1)[i];
    }

    template <class Along>
    LNN_HD void start_backward(const Inputs&, const Along& along) {
        for (int i = 0; i < dof_of<N>(net_.dof); ++i) left(shape_.hidden + i)[0] = along.lambda(i);
    }
    LNN_HD int backward_stages() const { return shape_.depth; }
    LNN_HD int backward_units(int s) const { return shape_.widths[shape_.depth - s]; }
    template <class Along>
    LNN_HD void backward_stage(int s, int begin, int count, const Along&) {
        const int l = shape_.depth - s;
        backward_layer<1, rows>(shape_, net_.parameters, l + 1, begin, count, left(shape_.first[l + 1]),
                                factors_.stride, left(shape_.first[l]), factors_.stride);
        for (int k = begin; k < begin + count; ++k) {
            const int number = shape_.first[l] + k;
            left(number)[0] = left(number)[0] * slopes_[number];
        }
    }

    template <class Along>
    LNN_HD void cotangent(const Inputs& inputs, const Along&, R* in_q, R* in_v) requires(tape) {
        backward_layer<1, rows>(shape_, net_.parameters, 1, 0, shape_.widths[0], left(0), factors_.stride, even_, 1);
        derivatives_in_states(
            net_, inputs, [&](int k) { return R(even_[k]); }, in_q, in_v);
    }

  private:
    const NetworkView<T>& net_;
    const MlpShape& shape_;
    Ptr slopes_, even_, odd_;  // s1 of the hidden units; y of a layer and of the one below
    Factors<Ptr> factors_;

    LNN_HD Ptr buffer(int l) const { return l % 2 ? odd_ : even_; }
    LNN_HD Ptr left(int number) const { return factors_.left + number * factors_.stride; }
    LNN_HD Ptr right(int number) const { return factors_.right + number * factors_.stride; }
};

struct Plain {
    static constexpr ModelTable table = {.name = "plain",
                                         .summary = "a softplus network of q and v predicts the accelerations",
                                         .lagrangian = false,
                                         .first_weights = {fan_in_weights}};
    static constexpr int exact_dof = 0;

    LNN_HD static MlpShape shape(const ModelSpec& m) { return network_shape(m, m.dof); }
    template <Real R, int N, Tape tape, class T, class Ptr, int rows = 8>
    using Pass = PlainPass<R, N, tape, T, Ptr, rows>;
};

}  // namespace lnn::inline LNN_ISA
