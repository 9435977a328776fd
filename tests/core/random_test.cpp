// Philox 4x32-10 against the known answers of Random123 (kat_vectors), and what is made of its words.
#include "lnn/random.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <set>

namespace lnn {
namespace {

std::array<std::uint32_t, 4> words(std::uint64_t seed, std::uint32_t stream, std::uint64_t index, std::uint32_t block) {
    std::uint32_t w[4];
    random_words(seed, static_cast<Stream>(stream), index, block, w);
    return {w[0], w[1], w[2], w[3]};
}

TEST(Philox, KnownAnswers) {
    using Words = std::array<std::uint32_t, 4>;
    EXPECT_EQ(words(0, 0, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(words(~0ull, ~0u, ~0ull, ~0u), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(words(0x299f31d0a4093822, 0x03707344, 0x85a308d3243f6a88, 0x13198a2e),
              (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

RC_GTEST_PROP(Uniform, IsInTheHalfOpenUnitInterval, (std::uint64_t seed, std::uint64_t index, std::uint32_t k)) {
    const double u = uniform(seed, Stream::states, index, k);
    RC_ASSERT(u >= 0 && u < 1);
    RC_ASSERT(u * 0x1p53 == std::floor(u * 0x1p53));
}

// two numbers a block, of 53 bits each: words (0, 1) and (2, 3)
RC_GTEST_PROP(Uniform, IsMadeOfTheWords, (std::uint64_t seed, std::uint64_t index, std::uint16_t k)) {
    const auto w = words(seed, std::uint32_t(Stream::weights), index, k / 2);
    const std::uint64_t high = w[k % 2 ? 2 : 0], low = w[k % 2 ? 3 : 1];
    RC_ASSERT(uniform(seed, Stream::weights, index, k) ==
              double((high * 0x100000000 + low) >> 11) / 9007199254740992.0);
}

TEST(Uniform, SeedsStreamsIndicesAndNumbersAllDiffer) {
    std::set<double> seen;
    for (const std::uint64_t seed : {0ull, 1ull, 1ull << 32})
        for (const Stream stream : {Stream::states, Stream::weights, Stream::shuffle, Stream::evaluation})
            for (const std::uint64_t index : {0ull, 1ull, 1ull << 32})
                for (std::uint32_t k = 0; k < 6; ++k) seen.insert(uniform(seed, stream, index, k));
    EXPECT_EQ(seen.size(), 3u * 4 * 3 * 6);
}

// 1e5 numbers: the mean of U(0, 1) is 1/2 +- 0.0009, its variance 1/12, of neighbours uncorrelated (five
// sigma)
TEST(Uniform, LooksUniform) {
    const int n = 100000;
    double sum = 0, squares = 0, product = 0, last = 0.5;
    for (int i = 0; i < n; ++i) {
        const double u = uniform(7, Stream::states, std::uint64_t(i / 4), i % 4);
        sum += u - 0.5;
        squares += (u - 0.5) * (u - 0.5);
        product += (u - 0.5) * (last - 0.5);
        last = u;
    }
    EXPECT_NEAR(sum / n, 0, 5 * 0.2887 / std::sqrt(n));
    EXPECT_NEAR(squares / n, 1.0 / 12, 5 * 0.0745 / std::sqrt(n));
    EXPECT_NEAR(product / n, 0, 5 * (1.0 / 12) / std::sqrt(n));
}

// made of the uniform numbers of two neighbours, by Box and Muller's formula
TEST(Normal, IsBoxMullers) {
    for (std::uint64_t i = 0; i < 1000; ++i)
        for (const std::uint32_t k : {0u, 2u, 4u}) {
            const double radius = std::sqrt(-2 * std::log(1 - uniform(5, Stream::states, i, k))),
                         angle = 2 * M_PI * uniform(5, Stream::states, i, k + 1);
            EXPECT_NEAR(normal(5, Stream::states, i, k), radius * std::cos(angle), 1e-13);
            EXPECT_NEAR(normal(5, Stream::states, i, k + 1), radius * std::sin(angle), 1e-13);
        }
}

// moments 0, 1, 0, 3 of 1e5 numbers within five sigma (variances 1, 2, 15, 96), neighbours uncorrelated
TEST(Normal, HasItsMoments) {
    const int n = 100000;
    double sums[4] = {}, product = 0, last = 0;
    for (int i = 0; i < n; ++i) {
        const double x = normal(7, Stream::states, std::uint64_t(i / 4), i % 4);
        for (int power = 1; power <= 4; ++power) sums[power - 1] += std::pow(x, power);
        product += x * last;
        last = x;
    }
    EXPECT_NEAR(sums[0] / n, 0, 5 / std::sqrt(n));
    EXPECT_NEAR(sums[1] / n, 1, 5 * std::sqrt(2.0 / n));
    EXPECT_NEAR(sums[2] / n, 0, 5 * std::sqrt(15.0 / n));
    EXPECT_NEAR(sums[3] / n, 3, 5 * std::sqrt(96.0 / n));
    EXPECT_NEAR(product / n, 0, 5 / std::sqrt(n));
}

}  // namespace
}  // namespace lnn
