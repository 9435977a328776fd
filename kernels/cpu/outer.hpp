// Weight gradients from the factors of a chunk: dW_l = sum over samples and columns of left x right, summed over
// lanes at the end. Blocks of 4 x 4 weights stay in registers; each weight has one writer.
#pragma once

#include "lnn/models/lnn.hpp"
#include "lnn/pack.hpp"

namespace lnn::inline LNN_ISA {

template <class T, int W>
LNN_LANES void sums_of_16(const Pack<T, W>* x, T* sums) {
    static_assert(16 % W == 0);
    for (int g = 0; g < 16; g += W) store(sums + g, sums_of_lanes(x + g));
}
template <std::floating_point T>
LNN_LANES void sums_of_16(const T* x, T* sums) {
    for (int i = 0; i < 16; ++i) sums[i] = x[i];
}
template <std::floating_point T>
LNN_LANES T sum_of_lanes(T x) {
    return x;
}

// left, right: (unit, items) with `columns` columns a pack, items = packs x columns; gradient: (parameters),
// written or, with `add`, added to
template <Real R, class T>
void outer_products(const MlpShape& s, int columns, int items, const R* left, const R* right, bool add, T* gradient) {
    const auto put = [add](T& to, T value) { to = add ? to + value : value; };
    for (int l = 1; l <= outer_matrices(s); ++l) {
        const OuterMatrix m = outer_matrix(s, l);
        const int out = m.rows, in = m.columns, unit = m.left, below = m.right;
        T* w = gradient + m.weights;
        T* b = gradient + m.bias;
        for (int i = 0; i < out; i += 4) {
            const R* row[4];
            for (int r = 0; r < 4; ++r) row[r] = left + (unit + (i + r < out ? i + r : out - 1)) * items;
            for (int j = 0; j < in; j += 4) {
                const R* column[4];
                for (int c = 0; c < 4; ++c) column[c] = right + (below + (j + c < in ? j + c : in - 1)) * items;
                R sum[16];
                LNN_UNROLL
                for (auto& x : sum) x = R(0);
                for (int k = 0; k < items; ++k) {
                    R y[4];
                    LNN_UNROLL
                    for (int c = 0; c < 4; ++c) y[c] = column[c][k];
                    LNN_UNROLL
                    for (int r = 0; r < 4; ++r) {
                        const R x = row[r][k];
                        LNN_UNROLL
                        for (int c = 0; c < 4; ++c) sum[4 * r + c] = mul_add(x, y[c], sum[4 * r + c]);
                    }
                }
                T sums[16];
                sums_of_16(sum, sums);
                for (int r = 0; r < 4 && i + r < out; ++r)
                    for (int c = 0; c < 4 && j + c < in; ++c) put(w[(i + r) * in + j + c], sums[4 * r + c]);
            }
        }
        for (int i = 0; i < out && m.bias >= 0; ++i) {
            R sum(0);
            for (int k = 1; k < items; k += columns) sum = sum + left[(unit + i) * items + k];
            put(b[i], sum_of_lanes(sum));
        }
    }
}

}  // namespace lnn::inline LNN_ISA
