#include "evaluation/quantiles.hpp"

namespace lnn {

Quantiles quantiles(std::span<const double> values) {
    const std::vector<double> s = sorted(values);
    return {mean(s), quantile(s, 0.5), quantile(s, 0.05), quantile(s, 0.95), median_interval(s)};
}

}  // namespace lnn
