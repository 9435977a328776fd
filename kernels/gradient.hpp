// One sample (one pack) of a batch: its loss, the directions of its gradient, and the factors of the outer products.
#pragma once

#include "accelerate.hpp"
#include "lnn/loss.hpp"

namespace lnn::inline LNN_ISA {

template <Real R>
struct SampleResult {
    R loss;
    R condition;          // of M
    MaskOf<R> truncated;  // M is rank-deficient or below the floor here: the factors are zero, and a pass with
                          // Tape::truncated has to follow
};

// From a model's answer to the loss and the directions of its gradient.
// active: lanes that hold a sample; the others get a zero gradient. share = 1 / samples
template <Real R, int N, class Answer, class Along>
LNN_HD SampleResult<R> loss_and_directions(const Answer& answer, const LossSpec& loss_spec, const R* target, int n,
                                           MaskOf<R> active, R share, const Along& along) {
    R r[most_dof<N>];
    const R loss = sample_loss<R, N>(loss_spec, answer.a, target, share, r, n);
    const MaskOf<R> truncated = answer.truncated(), regular = active & !truncated;
    for (int i = 0; i < dof_of<N>(n); ++i) r[i] = select(regular, r[i], R(0));
    answer.directions(r, along);
    return {select(active, loss, R(0)), answer.condition(), MaskOf<R>(active & truncated)};
}

// the directions of a truncated sample's gradient
template <Real R, int N, class Answer, class Along>
LNN_HD void truncated_directions(const Answer& answer, const LossSpec& loss_spec, const R* target, int n, R share,
                                 const Along& along) {
    R r[most_dof<N>];
    sample_loss<R, N>(loss_spec, answer.a, target, share, r, n);
    answer.truncated_directions(r, along);
}

}  // namespace lnn::inline LNN_ISA
