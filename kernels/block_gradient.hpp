// The gradient of one chunk of a batch by a block: the stages of a pass (models/lnn.hpp), units and samples shared out
// among its threads.
//
// Sums over samples are those of CPU lanes W wide: sample i belongs to lane i mod W; each lane adds up on its own,
// pairs of lanes at the end. So a block and the lanes of one instruction set give the same bits.
#pragma once

#include "block.hpp"
#include "gradient.hpp"
#include "step.hpp"
#include "strided.hpp"

namespace lnn::inline LNN_ISA {

// Scratch of a block for chunks of at most `samples`; each array in T, interleaved over an odd stride of samples, so
// that units lie in different banks of shared memory.
static_assert(chunk_samples <= max_lanes, "a sample is a lane of the block");
struct ChunkShape {
    int samples, stride;
    int pass;     // (scratch of a pass, stride)
    int factors;  // (left, then right factors, stride)
    int sample;   // (numbers of a sample, stride)
};

// numbers of a sample between stages: second derivatives, directions, loss
template <int N, int pairs>
inline constexpr int sample_reals = N*(N + 1) / 2 + N + N*(1 + 2 * pairs) + 1;

// the pass of truncated samples goes one by one
template <int N>
LNN_HD ChunkShape chunk_shape(const MlpShape& s, int batch) {
    ChunkShape c;
    c.samples = batch < chunk_samples ? batch : chunk_samples;
    c.stride = c.samples | 1;
    const auto larger = [](int a, int b) { return a > b ? a : b; };
    const int units = s.left_units() + s.right_units();
    c.pass = larger(lnn_scratch<N, 1>(s) * c.stride, lnn_scratch<N, truncated_pairs<N>>(s));
    c.factors = larger(units * factor_columns<1> * c.stride, units * factor_columns<truncated_pairs<N>>);
    c.sample = larger(sample_reals<N, 1> * c.stride, sample_reals<N, truncated_pairs<N>>);
    return c;
}

template <class T>
struct ChunkScratch {
    T *pass, *factors, *sample;
    int* bins;  // (chunk_samples) condition bin of a sample; truncated ones: condition_bins more
};

// neighbouring units a thread takes together
inline constexpr int units_together = 2;

// One pass of several samples: everything of a sample at sample, sample + stride, ...
template <class T, int N, int pairs>
struct BlockPass {
    using Pass = LnnPass<T, N, pairs, T, Strided<T>, units_together>;
    using Inputs = LnnInputs<T, N>;
    static constexpr int F = factor_columns<pairs>;

    const LnnView<T, N>& net;
    const ChunkScratch<T>& scratch;
    int samples, stride;

    LNN_HD Strided<T> left(int sample) const { return {scratch.factors + sample, stride}; }
    LNN_HD Strided<T> right(int sample) const { return left(sample) + net.shape.left_units() * F; }
    LNN_HD Pass pass(int sample) const {
        return {net, {scratch.pass + sample, stride}, {left(sample), right(sample), F}};
    }
    LNN_HD Strided<T> curvature(int sample) const { return {scratch.sample + sample, stride}; }
    LNN_HD Strided<T> along(int sample) const { return curvature(sample) + Pass::curvatures; }
    LNN_HD T& loss(int sample) const { return (along(sample) + N * (1 + 2 * pairs))[0]; }

    LNN_HD Directions<T, N, pairs> directions_of(int sample) const {
        Directions<T, N, pairs> d;
        const auto from = along(sample);
        for (int i = 0; i < N; ++i) {
            d.lambda[i] = from[i];
            for (int p = 0; p < pairs; ++p) {
                d.a[p][i] = from[N * (1 + 2 * p) + i];
                d.b[p][i] = from[N * (2 + 2 * p) + i];
            }
        }
        return d;
    }
    LNN_HD void keep(int sample, const Directions<T, N, pairs>& d) const {
        const auto to = along(sample);
        for (int i = 0; i < N; ++i) {
            to[i] = d.lambda[i];
            for (int p = 0; p < pairs; ++p) {
                to[N * (1 + 2 * p) + i] = d.a[p][i];
                to[N * (2 + 2 * p) + i] = d.b[p][i];
            }
        }
    }

    // f(sample, first unit, units) for stretches of a layer's units, every sample of each
    template <class Block, class Stretch>
    LNN_HD void for_units(const Block& block, int width, Stretch&& f) const {
        const int stretches = (width + units_together - 1) / units_together;
        block.for_each(stretches * samples, [&](int i) {
            const int begin = i / samples * units_together;
            f(i % samples, begin, width - begin < units_together ? width - begin : units_together);
        });
    }

    // states(sample, x) gives q, v and the target of a sample; between(sample, terms, target, along) its directions.
    // Barriers: after the inputs, each layer up, each layer down, the sums over units, the directions, each layer up
    // and down again.
    template <class Block, class States, class Between>
    LNN_HD void factors(const Block& block, const States& states, const Between& between) const {
        const MlpShape& s = net.shape;
        auto inputs = block.template lanes<Inputs>(samples);
        block.for_each(samples, [&](int sample) {
            T x[3 * N];
            states(sample, x);
            pass(sample).start(x, x + N, inputs[sample]);
        });
        for (int l = 1; l <= s.depth; ++l)
            for_units(block, s.widths[l], [&](int sample, int k, int n) { pass(sample).forward(l, k, n); });
        for (int l = s.depth; l >= 0; --l)
            for_units(block, s.widths[l], [&](int sample, int k, int n) { pass(sample).adjoint(l, k, n); });
        block.for_each(Pass::curvatures * samples, [&](int i) {
            const int sample = i % samples, entry = i / samples;
            T sum(0);
            for (int l = s.depth; l >= 1; --l) sum = pass(sample).contract(l, entry, sum);
            curvature(sample)[entry] = sum;
        });
        block.for_each(samples, [&](int sample) {
            T x[3 * N], sums[Pass::curvatures];
            states(sample, x);
            for (int e = 0; e < Pass::curvatures; ++e) sums[e] = curvature(sample)[e];
            Directions<T, N, pairs> d;
            between(sample, pass(sample).finish(inputs[sample], sums, T(0)), x + 2 * N, d);
            keep(sample, d);
            pass(sample).start_factors(inputs[sample], d);
        });
        for (int l = 1; l <= s.depth; ++l)
            for_units(block, s.widths[l],
                      [&](int sample, int k, int n) { pass(sample).extend(l, k, n, directions_of(sample)); });
        for (int l = s.depth - 1; l >= 1; --l)
            for_units(block, s.widths[l],
                      [&](int sample, int k, int n) { pass(sample).sweep(l, k, n, directions_of(sample)); });
    }

    // dW_l and db_l from the factors, written or, with `add`, added to; a thread takes four weights of a row
    template <int W, class Block>
    LNN_HD void outer_products(const Block& block, bool add, T* gradient) const {
        constexpr int B = 4;
        const MlpShape& s = net.shape;
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
                        for (int k = w; k < samples; k += W) sums[w] = sums[w] + (left(k) + (above + row) * F)[1];
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
template <int W, class T, int N, class Block>
LNN_HD void block_chunk(const Block& block, const TrainShape& job, const LnnView<T, N>& net, const Batch& batch,
                        int chunk, const ChunkScratch<T>& scratch, T* gradient, double* loss, std::int64_t* counts) {
    const int begin = chunk * chunk_samples;
    const int size = batch.size - begin < chunk_samples ? batch.size - begin : chunk_samples;
    const T share = T(1.0 / batch.size);
    const auto states = [&](int sample, T* x) {
        const std::int64_t at = batch.order ? batch.order[begin + sample] : batch.offset + begin + sample;
        for (int d = 0; d < 2 * N; ++d) x[d] = T(batch.states[d * batch.samples + at]);
        for (int d = 0; d < N; ++d) x[2 * N + d] = T(batch.accelerations[d * batch.samples + at]);
    };

    const BlockPass<T, N, 1> all{net, scratch, size, chunk_shape<N>(net.shape, batch.size).stride};
    all.factors(block, states, [&](int sample, const Terms<T, N>& terms, const T* target, Directions<T, N, 1>& along) {
        const auto result = directions(terms, job.solve, job.loss, target, true, share, along);
        all.loss(sample) = result.loss;
        scratch.bins[sample] = condition_bin(result.condition) + (result.truncated ? condition_bins : 0);
    });
    all.template outer_products<W>(block, false, gradient);
    block.for_each(condition_bins + 2, [&](int i) {
        if (i <= condition_bins) {
            int count = 0;
            for (int k = 0; k < size; ++k)
                count += i < condition_bins ? scratch.bins[k] % condition_bins == i : scratch.bins[k] >= condition_bins;
            counts[i] += count;
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
    for (int k = 0; k < size; ++k) {
        if (scratch.bins[k] < condition_bins) continue;
        const BlockPass<T, N, truncated_pairs<N>> one{net, scratch, 1, 1};
        one.factors(
            block, [&](int, T* x) { states(k, x); },
            [&](int, const Terms<T, N>& terms, const T* target, Directions<T, N, truncated_pairs<N>>& along) {
                directions(terms, job.solve, job.loss, target, share, along);
            });
        one.template outer_products<1>(block, true, gradient);
    }
}

// block i of a job: chunk i % count of model i / count
template <int W, class T, int N, class Block>
LNN_HD void gradient_block(const Block& block, const GradientJob<T>& job, const MlpShape& shape,
                           const ChunkScratch<T>& scratch, int i) {
    const LnnView<T, N> net(shape, job.shape.spec, job.weights + std::int64_t(i / job.count) * shape.parameters);
    block_chunk<W>(block, job.shape, net, job.batch, job.first + i % job.count, scratch,
                   job.partial + std::int64_t(i) * shape.parameters, job.loss + i,
                   job.counts + std::int64_t(i) * (condition_bins + 1));
}

}  // namespace lnn::inline LNN_ISA
