// Parameter layout, and the matrix product against sums written out, with integers: exact whatever the order.
#include "lnn/mlp.hpp"

#include <array>

#include "guarded.hpp"
#include "reals.hpp"

namespace lnn {
namespace {

TEST(MlpShape, LayersLieOneAfterAnother) {
    const int hidden[] = {7, 5};
    const MlpShape s = mlp_shape(3, 2, hidden, 2);
    EXPECT_EQ(s.depth, 2);
    EXPECT_EQ(s.weights[1], 0);
    EXPECT_EQ(s.bias(1), 7 * 3);
    EXPECT_EQ(s.weights[2], 7 * 3 + 7);
    EXPECT_EQ(s.bias(2), 28 + 5 * 7);
    EXPECT_EQ(s.weights[3], 28 + 35 + 5);
    EXPECT_EQ(s.bias(3), 68 + 2 * 5);
    EXPECT_EQ(s.parameters, 68 + 10 + 2);
    EXPECT_EQ(s.widest, 7);
    EXPECT_EQ(s.hidden, 12);
}

TEST(MlpShape, WidestMayBeAnInputOrAnOutput) {
    const int hidden[] = {2};
    EXPECT_EQ(mlp_shape(9, 1, hidden, 1).widest, 9);
    EXPECT_EQ(mlp_shape(3, 1, hidden, 4).widest, 4);
    EXPECT_EQ(mlp_shape(3, 0, nullptr, 4).widest, 4);
    EXPECT_EQ(mlp_shape(3, 0, nullptr, 4).hidden, 0);
    EXPECT_EQ(mlp_shape(3, 0, nullptr, 4).parameters, 16);
}

TEST(MlpShape, AMatrixBesideComesLast) {
    const int hidden[] = {7, 5};
    const MlpShape s = mlp_shape(3, 2, hidden, 1, 2);
    EXPECT_EQ(s.matrix_beside(), 68 + 6);
    EXPECT_EQ(s.parameters, 68 + 6 + 4);
    EXPECT_EQ(s.left_units(), 12 + 1 + 2);
    EXPECT_EQ(s.right_units(), 3 + 12 + 2);
    EXPECT_EQ(outer_matrices(s), 4);
    const OuterMatrix second = outer_matrix(s, 2), last = outer_matrix(s, 4);
    EXPECT_EQ(second.left, 7);
    EXPECT_EQ(second.right, 3);
    EXPECT_EQ(last.weights, s.matrix_beside());
    EXPECT_EQ(last.left, 13);
    EXPECT_EQ(last.right, 15);
    EXPECT_EQ(last.bias, -1);
    EXPECT_EQ(outer_matrices(mlp_shape(3, 2, hidden, 1)), 3);
}

template <class R>
struct MlpOn : testing::Test {};
using Some = testing::Types<float, double, Pack<float, 4>, Pack<double, 2>>;
TYPED_TEST_SUITE(MlpOn, Some);

// rows of C columns at a stride wider than C: what stands between them is not read and not written
template <class R>
struct Columns {
    int rows, columns, stride;
    Guarded<R> memory;
    Columns(int r, int c, int s) : rows(r), columns(c), stride(s), memory(std::size_t(r - 1) * s + c) {}
    R& at(int r, int c) { return memory.get()[r * stride + c]; }
    bool clean() const {
        for (int r = 0; r + 1 < rows; ++r)
            if (!memory.unwritten(r * stride + columns, stride - columns)) return false;
        return memory.intact();
    }
};

// integers between -8 and 8, another in each lane
int digit(int a, int b, int c) { return (a * 31 + b * 17 + c * 7 + a * b) % 17 - 8; }

// a layer in two halves, (begin, count) each
std::array<std::pair<int, int>, 2> halves(int units) { return {{{0, units / 2}, {units / 2, units - units / 2}}}; }

template <class R, int C>
void layer(int in, int out) {
    using T = ScalarOf<R>;
    constexpr int W = width_of<R>;
    const MlpShape s = mlp_shape(in, 0, nullptr, out);
    Guarded<T> parameters(s.parameters);
    for (int p = 0; p < s.parameters; ++p) parameters.get()[p] = T(digit(p, in, out));
    const auto weight = [&](int o, int i) { return parameters.get()[s.weights[1] + o * in + i]; };
    const auto lanes = [](int k, int c) {
        T x[W];
        for (int w = 0; w < W; ++w) x[w] = T(digit(k, c, w));
        return load<R>(x);
    };

    for (const bool with_bias : {true, false}) {
        Columns<R> x(in, C, C + 2), z(out, C, C + 3);
        for (int k = 0; k < in; ++k)
            for (int c = 0; c < C; ++c) x.at(k, c) = lanes(k, c);
        for (const auto& [begin, count] : halves(out))
            forward_layer<C, 8>(s, parameters.get(), 1, with_bias, begin, count, x.memory.get(), x.stride,
                                z.memory.get(), z.stride);
        for (int o = 0; o < out; ++o)
            for (int c = 0; c < C; ++c)
                for (int w = 0; w < W; ++w) {
                    T sum = with_bias && c == 0 ? parameters.get()[s.bias(1) + o] : T(0);
                    for (int k = 0; k < in; ++k) sum += weight(o, k) * lane(x.at(k, c), w);
                    ASSERT_EQ(lane(z.at(o, c), w), sum) << in << "x" << out << " column " << c;
                }
        EXPECT_TRUE(z.clean()) << in << "x" << out;
    }

    Columns<R> x(out, C, C + 1), z(in, C, C + 4);
    for (int k = 0; k < out; ++k)
        for (int c = 0; c < C; ++c) x.at(k, c) = lanes(k, c);
    for (const auto& [begin, count] : halves(in))
        backward_layer<C, 8>(s, parameters.get(), 1, begin, count, x.memory.get(), x.stride, z.memory.get(), z.stride);
    for (int i = 0; i < in; ++i)
        for (int c = 0; c < C; ++c)
            for (int w = 0; w < W; ++w) {
                T sum = 0;
                for (int k = 0; k < out; ++k) sum += weight(k, i) * lane(x.at(k, c), w);
                ASSERT_EQ(lane(z.at(i, c), w), sum) << in << "x" << out << " transposed, column " << c;
            }
    EXPECT_TRUE(z.clean()) << in << "x" << out;
}

TYPED_TEST(MlpOn, LayersAreMatrixProducts) {
    for (int in = 1; in <= 19; ++in)
        for (int out = 1; out <= 19; ++out) {
            layer<TypeParam, 1>(in, out);
            layer<TypeParam, 2>(in, out);
            layer<TypeParam, 3>(in, out);
            layer<TypeParam, 4>(in, out);
            layer<TypeParam, 5>(in, out);
            layer<TypeParam, 6>(in, out);
            layer<TypeParam, 7>(in, out);
            if (testing::Test::HasFatalFailure()) return;
        }
}

// the second layer's parameters, not the first's
TEST(Mlp, EachLayerHasItsOwnWeights) {
    const int hidden[] = {3};
    const MlpShape s = mlp_shape(2, 1, hidden, 2);
    std::vector<double> p(s.parameters);
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = double(i);
    const double x[3] = {1, 10, 100};
    double z[2], back[3];
    forward_layer<1, 8>(s, p.data(), 2, true, 0, 2, x, 1, z, 1);
    EXPECT_EQ(z[0], 9 + 100 + 1100 + 15);
    EXPECT_EQ(z[1], 12 + 130 + 1400 + 16);
    backward_layer<1, 8>(s, p.data(), 2, 0, 3, x, 1, back, 1);
    EXPECT_EQ(back[0], 9 + 120);
    EXPECT_EQ(back[1], 10 + 130);
    EXPECT_EQ(back[2], 11 + 140);
}

}  // namespace
}  // namespace lnn
