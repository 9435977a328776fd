#include "study/coordinate_errors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "statistics/statistics.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

double log_ratio(double first, double second) {
    const bool both = std::isfinite(first) && std::isfinite(second) && first > 0 && second > 0;
    return both ? std::log10(second / first) : std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> without_nan(std::vector<double> values) {
    std::erase_if(values, [](double x) { return std::isnan(x); });
    return values;
}

double median_of(const std::vector<double>& values) {
    return values.empty() ? std::numeric_limits<double>::quiet_NaN() : quantile(sorted(values), 0.5);
}

// ratios from their logarithms, one a `unit`: how many are above 1, and whether a fair coin would do as much
Json ratio_summary(const std::vector<double>& logs, const char* unit) {
    const std::vector<double> s = sorted(logs);
    if (s.empty()) return nullptr;
    const Interval interval = median_interval(s);
    const std::int64_t above = std::count_if(s.begin(), s.end(), [](double x) { return x > 0; });
    const std::int64_t unequal = std::count_if(s.begin(), s.end(), [](double x) { return x != 0; });
    return {{"median", std::pow(10.0, quantile(s, 0.5))},
            {"ci95_median", {std::pow(10.0, interval.low), std::pow(10.0, interval.high)}},
            {unit, s.size()},
            {"above_one", above},
            {"p_value", sign_test(above, unequal)}};
}

std::vector<double> shifted(std::vector<double> values, double by) {
    for (double& x : values) x += by;
    return values;
}

}  // namespace

double CoordinateErrors::median(int coordinate, std::size_t model) const {
    const auto own = std::span(mse[coordinate]).subspan(model * trajectories, trajectories);
    return quantile(sorted(own), 0.5);
}

double CoordinateErrors::mean(int coordinate, std::size_t model) const {
    return lnn::mean(std::span(mse[coordinate]).subspan(model * trajectories, trajectories));
}

double CoordinateErrors::median_log_ratio(std::size_t model) const {
    std::vector<double> logs;
    for (std::size_t k = model * trajectories; k < (model + 1) * trajectories; ++k)
        logs.push_back(log_ratio(mse[0][k], mse[1][k]));
    return median_of(without_nan(std::move(logs)));
}

Json coordinates_compared(const CoordinateErrors& errors, const std::array<std::string, 2>& names,
                          const std::array<double, 2>& displacement) {
    Json result = {{"models", errors.models()}, {"failed", errors.failed}};
    for (int i : {0, 1}) {
        std::vector<double> medians, means;
        for (std::size_t m = 0; m < errors.models(); ++m) {
            medians.push_back(errors.median(i, m));
            means.push_back(errors.mean(i, m));
        }
        if (medians.empty()) return result;
        const std::vector<double> s = sorted(medians), mean = sorted(means);
        const Interval interval = median_interval(s);
        result["mse"][names[i]] = {{"median_over_models", finite_or_null(quantile(s, 0.5))},
                                   {"ci95_median", {finite_or_null(interval.low), finite_or_null(interval.high)}},
                                   {"lowest_mean", finite_or_null(mean.front())},
                                   {"highest_mean", finite_or_null(mean.back())}};
    }
    std::vector<double> by_model, by_trajectory;
    for (std::size_t m = 0; m < errors.models(); ++m) by_model.push_back(errors.median_log_ratio(m));
    for (std::int64_t k = 0; k < errors.trajectories; ++k) {
        std::vector<double> logs;
        for (std::size_t m = 0; m < errors.models(); ++m) {
            const std::size_t at = m * errors.trajectories + k;
            logs.push_back(log_ratio(errors.mse[0][at], errors.mse[1][at]));
        }
        by_trajectory.push_back(median_of(without_nan(std::move(logs))));
    }
    by_model = without_nan(std::move(by_model));
    by_trajectory = without_nan(std::move(by_trajectory));
    const double by_motion = -2 * std::log10(displacement[1] / displacement[0]);
    result["ratio"] = {{"over_models", ratio_summary(by_model, "models")},
                       {"over_trajectories", ratio_summary(by_trajectory, "trajectories")}};
    result["ratio_to_motion"] = {
        {"over_models", ratio_summary(shifted(by_model, by_motion), "models")},
        {"over_trajectories", ratio_summary(shifted(by_trajectory, by_motion), "trajectories")}};
    return result;
}

Json settings_compared(const CoordinateErrors& before, const CoordinateErrors& after) {
    std::vector<double> changes;
    for (std::size_t m = 0; m < before.models(); ++m) {
        const auto same = std::find(after.seeds.begin(), after.seeds.end(), before.seeds[m]);
        if (same != after.seeds.end())
            changes.push_back(after.median_log_ratio(same - after.seeds.begin()) - before.median_log_ratio(m));
    }
    return ratio_summary(without_nan(std::move(changes)), "models");
}

}  // namespace lnn
