// What is told of a heavy-tailed error: means say little, so quantiles and an interval stand beside them.
#pragma once

#include <span>

#include "statistics/statistics.hpp"

namespace lnn {

// any may be infinite
struct Quantiles {
    double mean = 0, median = 0, p05 = 0, p95 = 0;
    Interval of_median{};  // 95 %
};

Quantiles quantiles(std::span<const double> values);  // of one or more

}  // namespace lnn
