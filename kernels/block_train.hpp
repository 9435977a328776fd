// A model's training by a block: all steps of a slice in one go, weights and Adam's memory where the block has them.
#pragma once

#include "block_gradient.hpp"

namespace lnn::inline LNN_ISA {

// a block's own copy of a model, and its scratch
template <class T>
struct BlockMemory {
    T *weights, *first, *second, *average, *gradient,
        *partial;     // (parameters) each; partial for batches of more chunks
    double* strands;  // (norm blocks, norm_strands)
    double* norms;    // (norm blocks)
    double* loss;     // (chunks)
    ChunkScratch<T> chunk;
    StepDecision<T>* decision;  // (1)
};

template <class T, class Block>
LNN_HD void copy(const Block& block, int n, const T* from, T* to) {
    block.for_each(n, [&](int p) { to[p] = from[p]; });
}

// Barriers: those of each chunk; after the strands, the norms, the decision, the update.
template <int W, class Model, int N, class T, class Block>
LNN_HD void block_train(const Block& block, const TrainShape& job, const MlpShape& shape, TrainModel<T>& m,
                        const BlockMemory<T>& memory) {
    const int parameters = shape.parameters, blocks = norm_blocks(parameters);
    const int chunks = chunks_of(job.batch);
    const NetworkView<T> net(shape, job.spec, memory.weights);
    copy(block, parameters, m.weights, memory.weights);
    copy(block, parameters, m.first, memory.first);
    copy(block, parameters, m.second, memory.second);
    copy(block, parameters, m.average, memory.average);

    std::int64_t k = 0;
    for (; k < job.count && m.progress.failed < 0; ++k) {
        const Batch batch = batch_of(job, m, k);
        for (int c = 0; c < chunks; ++c) {
            T* const partial = c == 0 ? memory.gradient : memory.partial;
            block_chunk<W, Model, N>(block, job, net, batch, c, memory.chunk, partial, memory.loss + c, m.counts);
            if (c > 0) block.for_each(parameters, [&](int p) { memory.gradient[p] = memory.gradient[p] + partial[p]; });
        }
        block.for_each(blocks * norm_strands, [&](int i) {
            const int begin = i / norm_strands * block_parameters, end = begin + block_parameters;
            memory.strands[i] =
                norm_strand(memory.gradient, begin, end < parameters ? end : parameters, i % norm_strands);
        });
        block.for_each(blocks, [&](int b) { memory.norms[b] = sum_of_strands(memory.strands + b * norm_strands); });
        block.for_each(1, [&](int) {
            double norm = 0, loss = 0;
            for (int b = 0; b < blocks; ++b) norm += memory.norms[b];
            for (int c = 0; c < chunks; ++c) loss += memory.loss[c];
            norm = std::sqrt(norm);
            *memory.decision = decide<T>(m.adam, job.first + k, norm, loss, m.progress);
            m.loss[k] = loss;
            m.grad_norm[k] = norm;
        });
        const StepDecision<T>& step = *memory.decision;
        if (!step.update) continue;
        block.for_each(parameters, [&](int p) {
            step.adam.update(memory.gradient[p] * step.scale, memory.weights[p], memory.first[p], memory.second[p],
                             memory.average[p]);
        });
    }

    block.for_each(int(job.count - k), [&](int i) { m.loss[k + i] = m.grad_norm[k + i] = NAN; });  // of a failed model
    copy(block, parameters, memory.weights, m.weights);
    copy(block, parameters, memory.first, m.first);
    copy(block, parameters, memory.second, m.second);
    copy(block, parameters, memory.average, m.average);
}

}  // namespace lnn::inline LNN_ISA
