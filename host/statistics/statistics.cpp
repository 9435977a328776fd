#include "statistics/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lnn {

double mean(std::span<const double> x) {
    double sum = 0;
    for (double v : x) sum += v;
    return sum / double(x.size());
}

double quantile(std::span<const double> x, double share) {
    const double at = share * double(x.size() - 1);
    const std::size_t low = std::size_t(at), high = std::min(low + 1, x.size() - 1);
    if (at == double(low) || x[low] == x[high]) return x[low];  // two infinite ones have no difference
    return x[low] + (at - double(low)) * (x[high] - x[low]);
}

std::vector<double> sorted(std::span<const double> x) {
    std::vector<double> s(x.begin(), x.end());
    for (double& v : s)
        if (std::isnan(v)) v = std::numeric_limits<double>::infinity();
    std::sort(s.begin(), s.end());
    return s;
}

namespace {

// P(at most k of n), each with chance p: summed for small n, else normal with continuity correction
double binomial_cdf(std::int64_t k, std::int64_t n, double p) {
    if (k < 0) return 0;
    if (k >= n || p <= 0) return 1;
    if (p >= 1) return 0;
    const double count = double(n);
    if (n > 2000) return 0.5 * std::erfc(-(double(k) + 0.5 - count * p) / std::sqrt(2 * count * p * (1 - p)));
    double sum = 0;
    for (std::int64_t i = 0; i <= k; ++i)
        sum += std::exp(std::lgamma(count + 1) - std::lgamma(double(i) + 1) - std::lgamma(double(n - i) + 1) +
                        double(i) * std::log(p) + double(n - i) * std::log1p(-p));
    return std::min(1.0, sum);
}

}  // namespace

Interval median_interval(std::span<const double> x) {
    const std::int64_t n = std::int64_t(x.size()), half = (n + 1) / 2;
    // smallest rank below which the median of a resample lies with this probability
    const auto value = [&](double probability) {
        std::int64_t low = 1, high = n;
        while (low < high) {
            const std::int64_t k = (low + high) / 2;
            const double below = 1 - binomial_cdf(half - 1, n, double(k) / double(n));
            (below >= probability ? high : low) = below >= probability ? k : k + 1;
        }
        return x[low - 1];
    };
    return {value(0.025), value(0.975)};
}

double sign_test(std::int64_t wins, std::int64_t trials) {
    return std::min(1.0, 2 * binomial_cdf(std::min(wins, trials - wins), trials, 0.5));
}

}  // namespace lnn
