#include "training/optimizer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace lnn {

ModelStates::ModelStates(const std::vector<double>& start, std::vector<bool> with_average)
    : parameters(start.size() / with_average.size()),
      weights(start),
      first(start.size(), 0.0),
      second(start.size(), 0.0),
      average(start),
      averaged(std::move(with_average)),
      applied(averaged.size(), 0),
      skipped(applied),
      rolled_back(applied),
      truncated(applied),
      failed(averaged.size(), -1) {}

bool ModelStates::is_lost(std::size_t m) const {
    for (const auto* part : {&weights, &first, &second, &average}) {
        const auto own = std::span(*part).subspan(m * parameters, parameters);
        if (!std::all_of(own.begin(), own.end(), [](double x) { return std::isfinite(x); })) return true;
    }
    return false;
}

bool ModelStates::all_finite() const {
    for (std::size_t m = 0; m < models(); ++m)
        if (is_lost(m)) return false;
    return true;
}

bool ModelStates::all_failed() const {
    return std::none_of(failed.begin(), failed.end(), [](std::int64_t f) { return f < 0; });
}

void ModelStates::clear(std::size_t m) {
    for (auto* part : {&weights, &first, &second, &average})
        std::fill_n(part->begin() + m * parameters, parameters, 0.0);
}

}  // namespace lnn
