// Where the arrays of a training block lie: on chip, those first that are used most, as far as there is room; the rest
// in the card's memory.
#pragma once

#include "block_train.hpp"

namespace lnn::inline LNN_ISA {

// in the order in which they go on chip
enum class BlockArray {
    decision,
    norms,
    loss,
    bins,
    sample,
    strands,
    weights,
    pass,
    factors,
    gradient,
    first,
    second,
    average,
    partial
};
inline constexpr int block_arrays = int(BlockArray::partial) + 1;

struct BlockSizes {
    std::size_t bytes[block_arrays] = {};
    LNN_HD std::size_t& operator[](BlockArray a) { return bytes[int(a)]; }
};

template <class Model, int N, class T>
LNN_HD BlockSizes block_sizes(const MlpShape& s, int n, int batch) {
    const ChunkShape chunk = chunk_shape<Model, N>(s, n, batch);
    const std::size_t chunks = chunks_of(batch), parameters = s.parameters * sizeof(T);
    BlockSizes b;
    b[BlockArray::decision] = sizeof(StepDecision<T>);
    b[BlockArray::norms] = norm_blocks(s.parameters) * sizeof(double);
    b[BlockArray::loss] = chunks * sizeof(double);
    b[BlockArray::bins] = chunk.samples * sizeof(int);
    b[BlockArray::sample] = chunk.sample * sizeof(T);
    b[BlockArray::strands] = norm_blocks(s.parameters) * norm_strands * sizeof(double);
    b[BlockArray::pass] = chunk.pass * sizeof(T);
    b[BlockArray::factors] = chunk.factors * sizeof(T);
    for (const auto a :
         {BlockArray::weights, BlockArray::gradient, BlockArray::first, BlockArray::second, BlockArray::average})
        b[a] = parameters;
    b[BlockArray::partial] = chunks > 1 ? parameters : 0;
    return b;
}

struct BlockLayout {
    std::size_t at[block_arrays] = {};
    bool on_chip[block_arrays] = {};
    std::size_t shared_bytes = 0, global_bytes = 0;  // of a block
};

inline BlockLayout block_layout(const BlockSizes& sizes, std::size_t shared_limit) {
    constexpr std::size_t alignment = 16;
    BlockLayout layout;
    for (int a = 0; a < block_arrays; ++a) {
        const std::size_t bytes = (sizes.bytes[a] + alignment - 1) / alignment * alignment;
        layout.on_chip[a] = layout.shared_bytes + bytes <= shared_limit;
        std::size_t& used = layout.on_chip[a] ? layout.shared_bytes : layout.global_bytes;
        layout.at[a] = used;
        used += bytes;
    }
    return layout;
}

// shared: memory of a block on chip; global: its part of the card's
template <class T>
LNN_HD BlockMemory<T> block_memory(const BlockLayout& layout, char* shared, char* global) {
    const auto at = [&](BlockArray a) { return (layout.on_chip[int(a)] ? shared : global) + layout.at[int(a)]; };
    const auto numbers = [&](BlockArray a) { return reinterpret_cast<T*>(at(a)); };
    const auto sums = [&](BlockArray a) { return reinterpret_cast<double*>(at(a)); };
    return {numbers(BlockArray::weights),
            numbers(BlockArray::first),
            numbers(BlockArray::second),
            numbers(BlockArray::average),
            numbers(BlockArray::gradient),
            numbers(BlockArray::partial),
            sums(BlockArray::strands),
            sums(BlockArray::norms),
            sums(BlockArray::loss),
            {numbers(BlockArray::pass), numbers(BlockArray::factors), numbers(BlockArray::sample),
             reinterpret_cast<int*>(at(BlockArray::bins))},
            reinterpret_cast<StepDecision<T>*>(at(BlockArray::decision))};
}

}  // namespace lnn::inline LNN_ISA
