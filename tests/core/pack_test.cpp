// The arithmetic of lanes: each is a scalar that knows nothing of its neighbours.
#include "lnn/pack.hpp"

#include <array>

#include "reals.hpp"

namespace lnn {
namespace {

template <class R>
struct PackOn : testing::Test {
    using Number = ScalarOf<R>;
    static constexpr int W = width_of<R>;
    // numbers of both signs that are exact in both precisions, none twice
    static std::array<Number, W> row(int start) {
        std::array<Number, W> x;
        for (int i = 0; i < W; ++i) x[i] = Number((start + i) % 2 ? -1 : 1) * (Number(start + i) + Number(0.25));
        return x;
    }
};
TYPED_TEST_SUITE(PackOn, Reals);

TYPED_TEST(PackOn, Arithmetic) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    const auto x = this->row(1), y = this->row(20), z = this->row(7);
    const R a = load<R>(x.data()), b = load<R>(y.data()), c = load<R>(z.data());
    for (int i = 0; i < this->W; ++i) {
        EXPECT_EQ(lane(a + b, i), x[i] + y[i]);
        EXPECT_EQ(lane(a - b, i), x[i] - y[i]);
        EXPECT_EQ(lane(a * b, i), x[i] * y[i]);
        EXPECT_EQ(lane(a / b, i), x[i] / y[i]);
        EXPECT_EQ(lane(-a, i), -x[i]);
        EXPECT_EQ(lane(absolute(a), i), std::abs(x[i]));
        EXPECT_EQ(lane(maximum(a, b), i), std::max(x[i], y[i]));
        EXPECT_EQ(lane(square_root(a * a * T(2)), i), std::sqrt(x[i] * x[i] * T(2)));
        EXPECT_EQ(lane(fused(a, b, c), i), std::fma(x[i], y[i], z[i]));
        EXPECT_EQ(lane(mul_add(a, b, c), i), mul_add(x[i], y[i], z[i]));
    }
}

// 1 + 2 eps + eps^2 in one rounding, and the rounding error itself
TYPED_TEST(PackOn, FusedRoundsOnce) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    const T x = 1 + eps<T>;
    const R error = fused(R(x), R(x), -(R(x) * R(x)));
    for (int i = 0; i < this->W; ++i) EXPECT_EQ(lane(error, i), eps<T> * eps<T>);
    // a b - c d with products that agree in all their leading digits
    const R difference = difference_of_products(R(x), R(x), R(1 + 2 * eps<T>), R(T(1)));
    for (int i = 0; i < this->W; ++i) EXPECT_EQ(lane(difference, i), eps<T> * eps<T>);
}

TYPED_TEST(PackOn, ComparisonsAndSelect) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    auto x = this->row(1);
    const R b(T(0.5));
    for (int special = 0; special < this->W; ++special) {
        x[special] = std::numeric_limits<T>::quiet_NaN();
        const R a = load<R>(x.data());
        for (int i = 0; i < this->W; ++i) {
            EXPECT_EQ(lane(a < b, i), x[i] < T(0.5));
            EXPECT_EQ(lane(a > b, i), x[i] > T(0.5));
            EXPECT_EQ(lane(a <= b, i), x[i] <= T(0.5));
            EXPECT_EQ(lane(a >= b, i), x[i] >= T(0.5));
            EXPECT_EQ(lane(a == a, i), !std::isnan(x[i]));
            EXPECT_EQ(lane(!(a < b), i), !(x[i] < T(0.5)));
            const MaskOf<R> either = (a < b) | (a > b), both = (a < b) & (a > b);
            EXPECT_EQ(lane(either, i), !std::isnan(x[i]));
            EXPECT_FALSE(lane(both, i));
            EXPECT_EQ(lane(select(a < b, R(T(1)), R(T(2))), i), x[i] < T(0.5) ? 1 : 2);
        }
        x[special] = this->row(1)[special];
    }
}

TYPED_TEST(PackOn, AnySeesASingleLane) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    std::array<T, TestFixture::W> x{};
    EXPECT_FALSE(any(load<R>(x.data()) > R(T(0))));
    for (int i = 0; i < this->W; ++i) {
        x[i] = 1;
        EXPECT_TRUE(any(load<R>(x.data()) > R(T(0)))) << i;
        x[i] = 0;
    }
}

// from and to both precisions, at any place in memory, and nothing beside
template <class R, class S>
void load_and_store() {
    constexpr int W = width_of<R>;
    std::vector<S> memory(3 * W + 3);
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = S(i) - S(0.5);
    for (int place = 0; place <= W; ++place) {
        const R x = load<R>(&memory[place]);
        for (int i = 0; i < W; ++i) EXPECT_EQ(double(lane(x, i)), place + i - 0.5);
        std::vector<S> to(memory.size(), S(77));
        store(&to[place + 1], x);
        for (int i = 0; i < int(to.size()); ++i)
            EXPECT_EQ(double(to[i]), i > place && i <= place + W ? i - 1.5 : 77) << place << " " << i;
    }
}
TYPED_TEST(PackOn, LoadAndStoreAnywhere) {
    load_and_store<TypeParam, float>();
    load_and_store<TypeParam, double>();
}

// float64 states beside float32 networks: as wide, in one register or in halves
TYPED_TEST(PackOn, ConvertsToTheOtherPrecisionAndBack) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    using Other = std::conditional_t<std::is_same_v<T, float>, double, float>;
    const auto x = this->row(3);
    const R a = load<R>(x.data()) / R(T(3));
    const auto there = convert<WithScalar<R, Other>>(a);
    const R back = convert<R>(there), same_precision = convert<R>(a);
    static_assert(width_of<WithScalar<R, Other>> == width_of<R>);
    for (int i = 0; i < this->W; ++i) {
        EXPECT_EQ(lane(there, i), static_cast<Other>(x[i] / 3));
        EXPECT_EQ(lane(back, i), static_cast<T>(static_cast<Other>(x[i] / 3)));
        EXPECT_EQ(lane(same_precision, i), x[i] / 3);
    }
}

TYPED_TEST(PackOn, BitsAndBack) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    const auto x = this->row(1);
    const R a = load<R>(x.data()), back = from_bits(bits(a)),
            next = from_bits(bits(a) + typename Register<T, 4>::Integer(1));
    for (int i = 0; i < this->W; ++i) {
        EXPECT_EQ(lane(back, i), x[i]);
        EXPECT_EQ(lane(next, i), std::nextafter(x[i], x[i] * 2));
    }
}

// numbers whose sum depends on the order: pairs, pairs of pairs, ...
template <class T>
T sum_in_pairs(std::vector<T> x) {
    for (; x.size() > 1; x.resize(x.size() / 2))
        for (std::size_t i = 0; i < x.size() / 2; ++i) x[i] = x[2 * i] + x[2 * i + 1];
    return x[0];
}

template <class R>
struct SumsOn : testing::Test {};
using Packs =
    testing::Types<Pack<float, 4>, Pack<float, 8>, Pack<float, 16>, Pack<double, 2>, Pack<double, 4>, Pack<double, 8>>;
TYPED_TEST_SUITE(SumsOn, Packs);

TYPED_TEST(SumsOn, SumsRunOverPairs) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    constexpr int W = width_of<R>;
    const auto x = scattered<T>(-1, 1, W * W);
    R rows[W];
    for (int r = 0; r < W; ++r) {
        rows[r] = load<R>(&x[r * W]);
        EXPECT_EQ(sum_of_lanes(rows[r]), sum_in_pairs(std::vector<T>(&x[r * W], &x[r * W] + W)));
    }
    if constexpr (sizeof(R) <= register_bytes) {
        const R sums = sums_of_lanes(rows);
        for (int r = 0; r < W; ++r) EXPECT_EQ(lane(sums, r), sum_of_lanes(rows[r])) << r;
    }
}

}  // namespace
}  // namespace lnn
