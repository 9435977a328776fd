// Dot products of rows of packs: what gradients, normal equations and their factors are sums of. Blocks of 4
// x 4 stay in registers.
#pragma once

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

// four rows from row `i` of `rows` rows on, `stride` Reals apart; beyond the last, the last again
template <Real R>
LNN_LANES void four_rows(const R* x, int i, int rows, std::int64_t stride, const R** row) {
    for (int r = 0; r < 4; ++r) row[r] = x + (i + r < rows ? i + r : rows - 1) * stride;
}

// sums[4 r + c] = row[r] . column[c], of `items` Reals each and over their lanes
template <Real R, class T>
LNN_LANES void products_of_16(const R* const* row, const R* const* column, int items, T* sums) {
    R sum[16];
    LNN_UNROLL_BY(16)
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
    sums_of_16(sum, sums);
}

// put(i, j, a_i . b_j) for the rows of a tile: a (rows, a_stride), b (columns, b_stride), `items` Reals of
// each
template <Real R, class Put>
LNN_LANES void tile_products(const R* a, std::int64_t a_stride, int rows, const R* b, std::int64_t b_stride,
                             int columns, int items, Put put) {
    for (int i = 0; i < rows; i += 4) {
        const R* row[4];
        four_rows(a, i, rows, a_stride, row);
        for (int j = 0; j < columns; j += 4) {
            const R* column[4];
            four_rows(b, j, columns, b_stride, column);
            ScalarOf<R> sums[16];
            products_of_16(row, column, items, sums);
            for (int r = 0; r < 4 && i + r < rows; ++r)
                for (int c = 0; c < 4 && j + c < columns; ++c) put(i + r, j + c, sums[4 * r + c]);
        }
    }
}

}  // namespace lnn::inline LNN_ISA
