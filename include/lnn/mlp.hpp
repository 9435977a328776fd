// A multilayer perceptron: its shape, where its parameters lie, and the one matrix product everything is made of.
//
//   y_0 = inputs;  z_l = W_l y_(l-1) + b_l;  y_l = softplus(z_l), l = 1 .. depth;  outputs = W_(depth+1) y_depth + b
//
// Parameters: W_1 [out][in], b_1, W_2, b_2, ... in one array, the order of the weight files; after them a square matrix
// beside the network where there is one, of which a shape knows no more than that its gradient is an outer product too.
#pragma once

#include "lnn/real.hpp"
#include "lnn/spec.hpp"

namespace lnn::inline LNN_ISA {

struct MlpShape {
    int depth = 0;                    // hidden layers
    int widths[max_depth + 2] = {};   // inputs, hidden 1 .. depth, outputs
    int weights[max_depth + 2] = {};  // layer l's W starts at weights[l], l = 1 .. depth + 1
    int first[max_depth + 2] = {};    // its units begin at first[l], of hidden units and outputs
    int beside = 0;                   // rows of the matrix beside the network
    int parameters = 0;
    int widest = 0;  // of inputs, hidden layers and outputs
    int hidden = 0;  // hidden units in all

    LNN_HD int bias(int l) const { return weights[l] + widths[l] * widths[l - 1]; }
    LNN_HD int matrix_beside() const { return parameters - beside * beside; }

    // Units whose factors an outer product takes: left ones are hidden units, outputs and rows beside; right ones are
    // inputs, hidden units and columns beside.
    LNN_HD int left_beside() const { return hidden + widths[depth + 1]; }
    LNN_HD int right_beside() const { return widths[0] + hidden; }
    LNN_HD int left_units() const { return left_beside() + beside; }
    LNN_HD int right_units() const { return right_beside() + beside; }
};

// Matrix number l = 1 .. outer_matrices(s), and its units: dW[i][j] = sum left(i) right(j); bias -1: it has none
struct OuterMatrix {
    int rows, columns, weights, bias, left, right;
};
LNN_HD int outer_matrices(const MlpShape& s) { return s.depth + 1 + (s.beside > 0 ? 1 : 0); }
LNN_HD OuterMatrix outer_matrix(const MlpShape& s, int l) {
    if (l > s.depth + 1) return {s.beside, s.beside, s.matrix_beside(), -1, s.left_beside(), s.right_beside()};
    return {s.widths[l], s.widths[l - 1], s.weights[l],
            s.bias(l),   s.first[l],      l == 1 ? 0 : s.widths[0] + s.first[l - 1]};
}

LNN_HD MlpShape mlp_shape(int inputs, int depth, const int* hidden, int outputs, int beside = 0) {
    MlpShape s;
    s.depth = depth;
    s.beside = beside;
    s.widths[0] = inputs;
    for (int l = 1; l <= depth + 1; ++l) {
        s.widths[l] = l <= depth ? hidden[l - 1] : outputs;
        s.weights[l] = s.parameters;
        s.parameters += s.widths[l] * (s.widths[l - 1] + 1);
        s.first[l] = s.hidden;
        if (l <= depth) s.hidden += s.widths[l];
    }
    s.parameters += beside * beside;
    for (int l = 0; l <= depth + 1; ++l)
        if (s.widths[l] > s.widest) s.widest = s.widths[l];
    return s;
}

// rows of a block whose C columns of accumulators stay in registers, at most `most`
template <Real R, int C>
LNN_HD constexpr int block_rows(int most) {
    constexpr int free = RealTraits<R>::registers - C - 2;
    constexpr int rows = free >= 8 * C ? 8 : free >= 4 * C ? 4 : free >= 2 * C ? 2 : 1;
    return rows < most ? rows : most;
}

//   z[i, c] = bias[i] + sum_k w[i row + k step] x[k, c],  i < rows, k < inner
//
// with the bias in column 0 alone, and none where it is null; x[k, c] is at x[k xs + c], z[i, c] at z[i zs + c].
// A layer forward has row = in and step = 1, its transpose row = 1 and step = in.
template <int C, int B, class T, class In, class Out>
LNN_HD void multiply(const T* w, int row, int step, const T* bias, int rows, int inner, In x, int xs, Out z, int zs) {
    using R = std::remove_cvref_t<decltype(z[0])>;
    int i = 0;
    for (; i + B <= rows; i += B) {
        R sum[B][C];
        LNN_UNROLL
        for (int r = 0; r < B; ++r) LNN_UNROLL
        for (int c = 0; c < C; ++c) sum[r][c] = R(c == 0 && bias ? bias[i + r] : T(0));
        const T* wi = w + i * row;
        for (int k = 0; k < inner; ++k) {
            R xk[C];
            LNN_UNROLL
            for (int c = 0; c < C; ++c) xk[c] = x[k * xs + c];
            LNN_UNROLL
            for (int r = 0; r < B; ++r) {
                const R weight(wi[r * row + k * step]);
                LNN_UNROLL
                for (int c = 0; c < C; ++c) sum[r][c] = mul_add(weight, xk[c], sum[r][c]);
            }
        }
        LNN_UNROLL
        for (int r = 0; r < B; ++r) LNN_UNROLL
        for (int c = 0; c < C; ++c) z[(i + r) * zs + c] = sum[r][c];
    }
    if constexpr (B > 1)
        if (i < rows)
            multiply<C, B / 2>(w + i * row, row, step, bias ? bias + i : bias, rows - i, inner, x, xs, z + i * zs, zs);
}

// the same for C columns, or, where C is 0, for `columns` of them, as many at a time as stay in registers
template <int C, int most, class T, class In, class Out>
LNN_HD void multiply_columns(int columns, const T* w, int row, int step, const T* bias, int rows, int inner, In x,
                             int xs, Out z, int zs) {
    using R = std::remove_cvref_t<decltype(z[0])>;
    if constexpr (C > 0) {
        multiply<C, block_rows<R, C>(most)>(w, row, step, bias, rows, inner, x, xs, z, zs);
    } else {
        const auto take = [&]<int some>(int at) {
            multiply<some, block_rows<R, some>(most)>(w, row, step, at == 0 ? bias : nullptr, rows, inner, x + at, xs,
                                                      z + at, zs);
        };
        int at = 0;
        for (; at + 4 <= columns; at += 4) take.template operator()<4>(at);
        for (; at < columns; ++at) take.template operator()<1>(at);
    }
}

// units begin .. begin + count - 1 of layer l, of the columns x (value first if `with_bias`): z = W_l x + b_l; `most`
// rows at once
template <int C, int most, class T, class In, class Out>
LNN_HD void forward_layer(const MlpShape& s, const T* p, int l, bool with_bias, int begin, int count, In x, int xs,
                          Out z, int zs, int columns = C) {
    const int in = s.widths[l - 1];
    multiply_columns<C, most>(columns, p + s.weights[l] + begin * in, in, 1,
                              with_bias ? p + s.bias(l) + begin : nullptr, count, in, x, xs, z + begin * zs, zs);
}

// units begin .. begin + count - 1 of layer l - 1 by layer l transposed: z = W_l^T x
template <int C, int most, class T, class In, class Out>
LNN_HD void backward_layer(const MlpShape& s, const T* p, int l, int begin, int count, In x, int xs, Out z, int zs,
                           int columns = C) {
    multiply_columns<C, most>(columns, p + s.weights[l] + begin, 1, s.widths[l - 1], static_cast<const T*>(nullptr),
                              count, s.widths[l], x, xs, z + begin * zs, zs);
}

}  // namespace lnn::inline LNN_ISA
