// The gradient of one chunk of a batch by a block: the stages of a model's pass, units and samples shared out among its
// threads.
//
// Sums over samples are those of CPU lanes W wide: sample i belongs to lane i mod W; each lane adds up on its own,
// pairs of lanes at the end. So a block and the lanes of one instruction set give the same bits.
#pragma once

#include "block.hpp"
#include "gradient.hpp"
#include "step.hpp"
#include "strided.hpp"

namespace lnn::inline LNN_ISA {

static_assert(chunk_samples <= max_lanes, "a sample is a lane of the block");

// Scratch of a block for chunks of at most `samples`; each array in T, interleaved over an odd stride of samples, so
// that units lie in different banks of shared memory.
struct ChunkShape {
    int samples, stride;
    int pass;     // (scratch of a pass, stride)
    int factors;  // (left, then right factors, stride)
    int sample;   // (numbers of a sample, stride)
};

// neighbouring units a thread takes together
inline constexpr int units_together = 2;
LNN_HD int groups_of_units(int width) { return (width + units_together - 1) / units_together; }

// a pass over memory interleaved over samples
template <class Model, int N, Tape tape, class T>
using StridedPass = typename Model::template Pass<T, N, tape, T, Strided<T>, units_together>;

// numbers of a sample between stages: sums over units, directions, loss
template <class Pass>
LNN_HD int sample_reals(int n) {
    return Pass::sums(n) + Pass::along_reals(n) + 1;
}

// the pass of truncated samples goes one by one
template <class Model, int N>
LNN_HD ChunkShape chunk_shape(const MlpShape& s, int n, int batch) {
    const int samples = batch < chunk_samples ? batch : chunk_samples, stride = samples | 1;
    const auto of = [&]<class Pass>(int interleaved) {
        return ChunkShape{samples, stride, Pass::scratch(s, n) * interleaved,
                          (s.left_units() + s.right_units()) * Pass::factor_columns(n) * interleaved,
                          sample_reals<Pass>(n) * interleaved};
    };
    // T does not count
    ChunkShape c = of.template operator()<StridedPass<Model, N, Tape::regular, float>>(stride);
    if constexpr (Model::table.lagrangian) {
        const auto larger = [](int a, int b) { return a > b ? a : b; };
        const ChunkShape one = of.template operator()<StridedPass<Model, N, Tape::truncated, float>>(1);
        c.pass = larger(c.pass, one.pass);
        c.factors = larger(c.factors, one.factors);
        c.sample = larger(c.sample, one.sample);
    }
    return c;
}

template <class T>
struct ChunkScratch {
    T *pass, *factors, *sample;
    int* bins;  // (chunk_samples) condition bin of a sample; truncated ones: condition_bins more
};

// One pass of several samples: everything of a sample at sample, sample + stride, ...
template <class Model, int N, Tape tape, class T>
struct BlockPass {
    using Pass = StridedPass<Model, N, tape, T>;
    using Inputs = typename Pass::Inputs;
    using Answer = typename Pass::Answer;
    using Along = Directions<Strided<T>, N>;

    const NetworkView<T>& net;
    const SolveSpec& solve;
    const ChunkScratch<T>& scratch;
    int samples, stride;

    LNN_HD int dof() const { return dof_of<N>(net.dof); }
    LNN_HD int columns() const { return Pass::factor_columns(net.dof); }
    LNN_HD Strided<T> left(int sample) const { return {scratch.factors + sample, stride}; }
    LNN_HD Strided<T> right(int sample) const { return left(sample) + net.shape.left_units() * columns(); }
    LNN_HD Pass pass(int sample) const {
        return {net, {scratch.pass + sample, stride}, {left(sample), right(sample), columns()}};
    }
    LNN_HD Strided<T> sums(int sample) const { return {scratch.sample + sample, stride}; }
    LNN_HD Along along(int sample) const { return {sums(sample) + Pass::sums(net.dof), net.dof}; }
    LNN_HD T& loss(int sample) const { return sums(sample)[Pass::sums(net.dof) + Pass::along_reals(net.dof)]; }

    // f(sample, first unit, units) for units_together of a layer's units at a time, every sample of each
    template <class Block, class F>
    LNN_HD void for_units(const Block& block, int width, F&& f) const {
        block.for_each(groups_of_units(width) * samples, [&](int i) {
            const int begin = i / samples * units_together;
            f(i % samples, begin, width - begin < units_together ? width - begin : units_together);
        });
    }

    // states(sample, x) gives q, v and the target of a sample; between(sample, answer, target, along) its directions.
    // Barriers: after the inputs, each stage forward, the sums over units, the directions, each stage backward.
    template <class Block, class States, class Between>
    LNN_HD void factors(const Block& block, const States& states, const Between& between) const {
        auto inputs = block.template lanes<Inputs>(samples);
        block.for_each(samples, [&](int sample) {
            T x[3 * most_dof<N>];
            states(sample, x);
            pass(sample).start(x, x + dof(), inputs[sample]);
        });
        const Pass any = pass(0);  // for what is the same of all samples
        for (int s = 0; s < any.forward_stages(); ++s)
            for_units(block, any.forward_units(s),
                      [&](int sample, int k, int n) { pass(sample).forward_stage(s, k, n); });
        block.for_each(Pass::sums(net.dof) * samples, [&](int i) {
            const int sample = i % samples, entry = i / samples;
            sums(sample)[entry] = pass(sample).sum(entry);
        });
        block.for_each(samples, [&](int sample) {
            T x[3 * most_dof<N>], of_units[Pass::most_sums] = {};
            states(sample, x);
            for (int e = 0; e < Pass::sums(net.dof); ++e) of_units[e] = sums(sample)[e];
            Pass own = pass(sample);
            typename Pass::Output output;
            own.finish(inputs[sample], of_units, output);
            between(sample, Answer(output, solve, dof()), x + 2 * dof(), along(sample));
            own.start_backward(inputs[sample], along(sample));
        });
        for (int s = 0; s < any.backward_stages(); ++s)
            for_units(block, any.backward_units(s),
                      [&](int sample, int k, int n) { pass(sample).backward_stage(s, k, n, along(sample)); });
    }

    // dW_l and db_l from the factors, written or, with `add`, added to; a thread takes four weights of a row
    template <int W, class Block>
    LNN_HD void outer_products(const Block& block, bool add, T* gradient) const {
        constexpr int B = 4, bias = Pass::bias_column;
        const MlpShape& s = net.shape;
        const int F = columns();
        const auto put = [add](T& to, T value) { to = add ? to + value : value; };
        for (int l = 1; l <= outer_matrices(s); ++l) {
            const OuterMatrix m = outer_matrix(s, l);
            const int in = m.columns, products = (in + B - 1) / B, pieces = products + (m.bias >= 0 ? 1 : 0);
            const int above = m.left, below = m.right;
            block.for_each(m.rows * pieces, [&](int item) {
                const int row = item / pieces, j = item % pieces * B;
                if (item % pieces == products) {
                    T sums[W];
                    for (int w = 0; w < W; ++w) {
                        sums[w] = T(0);
                        for (int k = w; k < samples; k += W) sums[w] = sums[w] + (left(k) + (above + row) * F)[bias];
                    }
                    put(gradient[m.bias + row], sum_of_pairs<W>(sums));
                    return;
                }
                T sums[B][W];
                LNN_UNROLL
                for (int w = 0; w < W; ++w) {
                    LNN_UNROLL
                    for (int b = 0; b < B; ++b) sums[b][w] = T(0);
                    for (int k = w; k < samples; k += W) {
                        const auto x = left(k) + (above + row) * F, y = right(k) + (below + j) * F;
                        for (int c = 0; c < F; ++c) {
                            LNN_UNROLL
                            for (int b = 0; b < B; ++b)
                                if (j + b < in) sums[b][w] = mul_add(x[c], y[b * F + c], sums[b][w]);
                        }
                    }
                }
                LNN_UNROLL
                for (int b = 0; b < B; ++b)
                    if (j + b < in) put(gradient[m.weights + row * in + j + b], sum_of_pairs<W>(sums[b]));
            });
        }
    }

    // lanes summed as pairs, pairs of pairs, ...
    template <int W>
    LNN_HD static T sum_of_pairs(T* s) {
        LNN_UNROLL
        for (int n = W / 2; n > 0; n /= 2) {
            LNN_UNROLL
            for (int i = 0; i < n; ++i) s[i] = s[2 * i] + s[2 * i + 1];
        }
        return s[0];
    }
};

// Gradient and loss of one chunk: gradient (parameters), loss (1), counts (condition_bins + 1, added to).
template <int W, class Model, int N, class T, class Block>
LNN_HD void block_chunk(const Block& block, const TrainShape& job, const NetworkView<T>& net, const Batch& batch,
                        int chunk, const ChunkScratch<T>& scratch, T* gradient, double* loss, std::int64_t* counts) {
    const int begin = chunk * chunk_samples, n = dof_of<N>(net.dof);
    const int size = chunk_size(batch, chunk);
    const T share = T(1.0 / batch.size);
    const auto states = [&](int sample, T* x) {
        const std::int64_t at = sample_of(batch, begin, sample);
        for (int d = 0; d < 2 * n; ++d) x[d] = T(batch.states[d * batch.samples + at]);
        for (int d = 0; d < n; ++d) x[2 * n + d] = T(batch.targets[d * batch.samples + at]);
    };

    const BlockPass<Model, N, Tape::regular, T> all{net, job.solve, scratch, size,
                                                    chunk_shape<Model, N>(net.shape, n, batch.size).stride};
    all.factors(block, states, [&](int sample, const auto& answer, const T* target, const auto& along) {
        const auto result = loss_and_directions<T, N>(answer, job.loss, target, n, true, share, along);
        all.loss(sample) = result.loss;
        scratch.bins[sample] = condition_bin(result.condition) + (result.truncated ? condition_bins : 0);
    });
    all.template outer_products<W>(block, false, gradient);
    block.for_each(condition_bins + 2, [&](int i) {
        if (i <= condition_bins) {
            int count = 0;
            for (int k = 0; k < size; ++k)
                count += i < condition_bins ? scratch.bins[k] % condition_bins == i : scratch.bins[k] >= condition_bins;
            if (Model::table.lagrangian) counts[i] += count;
            return;
        }
        T sums[W];
        for (int w = 0; w < W; ++w) {
            sums[w] = T(0);
            for (int k = w; k < size; k += W) sums[w] = sums[w] + all.loss(k);
        }
        *loss = double(all.template sum_of_pairs<W>(sums));
    });

    // truncated samples: one by one, outside the hot loop
    if constexpr (Model::table.lagrangian)
        for (int k = 0; k < size; ++k) {
            if (scratch.bins[k] < condition_bins) continue;
            const BlockPass<Model, N, Tape::truncated, T> one{net, job.solve, scratch, 1, 1};
            one.factors(
                block, [&](int, T* x) { states(k, x); },
                [&](int, const auto& answer, const T* target, const auto& along) {
                    truncated_directions<T, N>(answer, job.loss, target, n, share, along);
                });
            one.template outer_products<1>(block, true, gradient);
        }
}

// block i of a job: chunk i % count of model i / count
template <int W, class Model, int N, class T, class Block>
LNN_HD void gradient_block(const Block& block, const GradientJob<T>& job, const MlpShape& shape,
                           const ChunkScratch<T>& scratch, int i) {
    const NetworkView<T> net(shape, job.shape.spec, job.weights + std::int64_t(i / job.count) * shape.parameters);
    block_chunk<W, Model, N>(block, job.shape, net, job.batch, job.first + i % job.count, scratch,
                             job.partial + std::int64_t(i) * shape.parameters, job.loss + i,
                             job.counts + std::int64_t(i) * (condition_bins + 1));
}

}  // namespace lnn::inline LNN_ISA
