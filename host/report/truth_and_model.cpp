#include "report/truth_and_model.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/figures.hpp"

namespace lnn {

namespace {

constexpr const char* truth_style = "with lines linewidth 4.5 linecolor rgb '#3b82c4'";
constexpr const char* model_style = "with lines linewidth 2 dashtype (7,8) linecolor rgb '#d9731a'";

}  // namespace

Frame frame_of(std::span<const Pair> pairs, double smallest, double reach) {
    double low = HUGE_VAL, high = -HUGE_VAL, model_low = HUGE_VAL, model_high = -HUGE_VAL;
    bool finite = true;
    for (const Pair& pair : pairs) {
        for (double x : pair.along[truth]) low = std::min(low, x), high = std::max(high, x);
        for (double x : pair.along[model]) {
            model_low = std::min(model_low, x), model_high = std::max(model_high, x);
            finite = finite && std::isfinite(x);
        }
    }
    const double span = std::max(high - low, smallest), middle = 0.5 * (low + high);
    low = middle - 0.5 * span, high = middle + 0.5 * span;
    const double least = low - (reach > 0 ? reach : span), most = high + (reach > 0 ? reach : span);
    const bool cut = !finite || model_low < least || model_high > most;
    low = std::max(std::min(low, model_low), least);
    high = std::min(std::max(high, model_high), most);
    const double margin = 0.05 * (high - low);
    return {low - margin, high + margin, cut};
}

// t, then truth and model of each quantity
std::string over_time(std::span<const Pair> pairs, const Motion& motion) {
    std::string csv = "t";
    for (const Pair& pair : pairs) csv += fmt::format(",{0} truth,{0} model", pair.name);
    for (std::size_t k = 0; k < motion.instants.size(); ++k) {
        csv += "\n" + value_text(motion.instants[k]);
        for (const Pair& pair : pairs)
            csv += fmt::format(",{},{}", value_text(pair.along[truth][k]), value_text(pair.along[model][k]));
    }
    return csv + "\n";
}

std::string plot(const std::string& file, std::string_view of_truth, std::string_view of_model,
                 std::string_view called) {
    return fmt::format("'{0}' using {1} {2} title '{3}', \\\n     '{0}' using {4} {5} title '{6}'", file, of_truth,
                       truth_style, called, of_model, model_style, called.empty() ? "" : "model");
}

std::string time_axis(const Motion& motion) { return axis('x', 0, motion.instants.back(), 6); }

}  // namespace lnn
