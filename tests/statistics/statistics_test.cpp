// Quantiles, intervals and the sign test on samples whose answer is known, or found by going through every case.
#include "statistics/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace lnn {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

// 1, 2, .., n
std::vector<double> ranks(int n) {
    std::vector<double> x(n);
    std::iota(x.begin(), x.end(), 1.0);
    return x;
}

TEST(Quantile, IsLinearBetweenOrderStatistics) {
    const std::vector<double> x = {1, 2, 4, 8};
    EXPECT_EQ(quantile(x, 0), 1);
    EXPECT_EQ(quantile(x, 1), 8);
    EXPECT_EQ(quantile(x, 0.5), 3);
    EXPECT_DOUBLE_EQ(quantile(x, 0.25), 1.75);
    EXPECT_DOUBLE_EQ(quantile(x, 0.9), 6.8);
    EXPECT_EQ(quantile(std::vector{5.0}, 0.3), 5);
    EXPECT_EQ(quantile(std::vector{1.0, 2.0, 40.0}, 0.5), 2);
}

TEST(Quantile, IsInfiniteFromTheFirstInfiniteNeighbourOn) {
    using Sample = std::vector<double>;
    for (const Sample& x : {Sample{1, inf, inf}, {1, 2, inf, inf}, {1, inf, inf, inf}, {inf, inf}})
        EXPECT_EQ(quantile(x, 0.5), inf);
    EXPECT_EQ(quantile(std::vector{1.0, 2.0, inf}, 0.5), 2);
    EXPECT_EQ(quantile(std::vector{1.0, 3.0, 5.0, inf}, 0.5), 4);
    EXPECT_EQ(quantile(std::vector{1.0, 2.0, inf, inf}, 0.9), inf);
}

TEST(Sorted, TakesNaNForInfinity) {
    EXPECT_EQ(sorted(std::vector{3.0, nan, 1.0, inf, -2.0}), (std::vector{-2.0, 1.0, 3.0, inf, inf}));
}

TEST(Mean, IsInfiniteWithAnInfiniteValue) {
    EXPECT_EQ(mean(std::vector{1.0, 2.0, 6.0}), 3);
    EXPECT_EQ(mean(std::vector{1.0, inf}), inf);
}

// the same interval from all n^n resamples
Interval of_every_resample(int n) {
    std::vector<int> draw(n, 0), medians;
    do {
        std::vector<int> x = draw;
        std::nth_element(x.begin(), x.begin() + (n - 1) / 2, x.end());
        medians.push_back(x[(n - 1) / 2] + 1);
        for (int i = 0; i < n && ++draw[i] == n; ++i) draw[i] = 0;
    } while (std::any_of(draw.begin(), draw.end(), [](int d) { return d != 0; }));
    std::sort(medians.begin(), medians.end());
    const auto at = [&](double share) { return double(medians[std::ceil(share * double(medians.size())) - 1]); };
    return {at(0.025), at(0.975)};
}

TEST(MedianInterval, IsThatOfEveryResample) {
    for (const int n : {1, 2, 3, 5, 6, 7}) {
        const Interval got = median_interval(ranks(n)), wanted = of_every_resample(n);
        EXPECT_EQ(got.low, wanted.low) << n;
        EXPECT_EQ(got.high, wanted.high) << n;
    }
}

// of 101 values, the 41st and the 61st bound the median with 95 % (Conover: 51 -+ 1.96 sqrt(101) / 2)
TEST(MedianInterval, IsCloseToThatOfOrderStatistics) {
    const Interval i = median_interval(ranks(101));
    EXPECT_NEAR(i.low, 41, 1);
    EXPECT_NEAR(i.high, 61, 1);
}

TEST(MedianInterval, ShrinksWithTheRootOfTheSample) {
    const auto width = [](int n) {  // relative to the range
        const Interval i = median_interval(ranks(n));
        return (i.high - i.low) / n;
    };
    for (const int n : {401, 1601, 6401}) EXPECT_NEAR(width(n) * std::sqrt(n), 1.96, 0.06) << n;
}

TEST(MedianInterval, ReachesInfinityWhereAResampleMight) {
    std::vector<double> x = ranks(101);
    std::fill(x.end() - 45, x.end(), inf);
    EXPECT_EQ(median_interval(x).high, inf);
    EXPECT_NEAR(median_interval(x).low, 41, 1);
    std::fill(x.begin() + 30, x.end(), inf);
    EXPECT_EQ(median_interval(x).low, inf);
}

TEST(SignTest, CountsCoinTosses) {
    EXPECT_NEAR(sign_test(5, 5), 0.0625, 1e-14);
    EXPECT_NEAR(sign_test(8, 10), 0.109375, 1e-14);
    EXPECT_NEAR(sign_test(0, 64), std::pow(0.5, 63), 1e-30);
    EXPECT_EQ(sign_test(5, 10), 1);
    EXPECT_EQ(sign_test(0, 0), 1);
}

TEST(SignTest, IsSymmetric) {
    for (const int trials : {7, 10, 2000, 2001, 5000})
        for (const int wins : {0, 1, trials / 2 - 3, trials / 2})
            EXPECT_EQ(sign_test(wins, trials), sign_test(trials - wins, trials)) << wins << " of " << trials;
}

// up to 2000 tosses it is summed, above it is the normal approximation: of 2001 tosses at most k are won where of the
// first 2000 at most k are, and the last is lost or at most k - 1 are, which halves both
TEST(SignTest, AgreesWhereTheNormalApproximationBegins) {
    for (const int wins : {995, 980, 960, 940, 935})  // p from 0.8 to 0.004
        EXPECT_NEAR(sign_test(wins, 2001) / (0.5 * (sign_test(wins, 2000) + sign_test(wins - 1, 2000))), 1, 5e-3)
            << wins;
}

}  // namespace
}  // namespace lnn
