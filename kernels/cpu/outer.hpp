// Weight gradients from the factors of a chunk: dW_l = sum over samples and columns of left x right, summed over
// lanes at the end. Each weight has one writer.
#pragma once

#include "cpu/products.hpp"
#include "lnn/mlp.hpp"

namespace lnn::inline LNN_ISA {

// left, right: (unit, items) with `columns` columns a pack, of which number `bias` is the gradient of the biases; items =
// packs x columns; gradient: (parameters), written or, with `add`, added to
template <Real R, class T>
void outer_products(const MlpShape& s, int columns, int bias, int items, const R* left, const R* right, bool add,
                    T* gradient) {
    const auto put = [add](T& to, T value) { to = add ? to + value : value; };
    for (int l = 1; l <= outer_matrices(s); ++l) {
        const OuterMatrix m = outer_matrix(s, l);
        T* w = gradient + m.weights;
        tile_products(left + std::int64_t(m.left) * items, items, m.rows, right + std::int64_t(m.right) * items, items,
                      m.columns, items, [&](int i, int j, T sum) { put(w[i * m.columns + j], sum); });
        for (int i = 0; i < m.rows && m.bias >= 0; ++i) {
            R sum(0);
            for (int k = bias; k < items; k += columns) sum = sum + left[(m.left + i) * items + k];
            put(gradient[m.bias + i], sum_of_lanes(sum));
        }
    }
}

}  // namespace lnn::inline LNN_ISA
