// Honest figures of heavy-tailed samples: quantiles with bootstrap intervals, and a paired sign test.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lnn {

double mean(std::span<const double>);
// linear between order statistics, as numpy.quantile; the values must be sorted; infinity sorts last
double quantile(std::span<const double> sorted, double share);
std::vector<double> sorted(std::span<const double>);  // NaN counts as infinity

struct Interval {
    double low, high;
};
// 95 % percentile bootstrap of the median, in the limit of infinitely many resamples (Efron 1979): a resample's median
// is at most the k-th value with the probability that at least half of n draws, each with chance k / n, fall below it
Interval median_interval(std::span<const double> sorted);

// two-sided p of `wins` or a more extreme count among `trials` fair coin tosses
double sign_test(std::int64_t wins, std::int64_t trials);

}  // namespace lnn
