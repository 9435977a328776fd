#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>

#include "report/figures.hpp"

namespace lnn {

namespace {

// one line a seed, logarithmic; `value` is a column of metrics.csv
Figure curve(const std::vector<Metrics>& rows, Figure figure, const char* label, double Metrics::*value) {
    std::set<std::uint64_t> seeds;
    for (const Metrics& m : rows) seeds.insert(m.seed);
    std::map<std::int64_t, std::map<std::uint64_t, double>> steps;
    for (const Metrics& m : rows) steps[m.step][m.seed] = m.*value;

    figure.csv = "step";
    for (std::uint64_t seed : seeds) figure.csv += fmt::format(",seed {}", seed);
    for (const auto& [step, values] : steps) {
        figure.csv += fmt::format("\n{}", step);
        for (std::uint64_t seed : seeds) {
            const auto found = values.find(seed);
            const double x = found == values.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
            figure.csv += "," + value_text(x);
        }
    }
    figure.csv += "\n";

    double low = HUGE_VAL, high = 0;
    for (const Metrics& m : rows)
        if (const double x = m.*value; std::isfinite(x) && x > 0)
            low = std::min(low, x), high = std::max(high, x);
    low *= 0.8, high *= 1.25;

    // more seeds than colours: a band of thin lines, not a legend
    const bool few = seeds.size() <= std::size(colours);
    figure.plot = fmt::format("set xlabel 'step'\nset ylabel '{}'\n", label) +
                  log_axis('y', std::log10(low), std::log10(high)) +
                  axis('x', 0, double(steps.rbegin()->first), 5);
    if (seeds.size() == 1 || !few) figure.plot += "unset key\n";
    figure.plot += "plot";
    std::size_t i = 0;
    for (std::uint64_t seed : seeds) {
        figure.plot += fmt::format(
            "{} \\\n  '{}.csv' using 1:{} with lines linewidth {} linecolor rgb '{}' title 'seed {}'",
            i == 0 ? "" : ",", figure.name, i + 2, few ? 1.5 : 0.5, colours[few ? i : 0], seed);
        ++i;
    }
    figure.plot += "\n";
    return figure;
}

// a logarithmic line needs two points above 0
bool drawable(const std::vector<Metrics>& rows, double Metrics::*value) {
    std::set<std::int64_t> steps;
    for (const Metrics& m : rows)
        if (std::isfinite(m.*value) && m.*value > 0) steps.insert(m.step);
    return steps.size() > 1;
}

}  // namespace

std::vector<Figure> curves(const std::vector<Metrics>& metrics, std::vector<std::string>& left_out) {
    struct Wanted {
        Figure figure;
        const char* label;
        double Metrics::*value;
    };
    Wanted wanted[] = {
        {{"loss", "Loss",
          "What training makes small, averaged over intervals of steps, one line per seed: the lower, the "
          "closer the learned accelerations are to those of the data.",
          "", ""},
         "loss",
         &Metrics::loss},
        {{"gradient", "Gradient norm",
          "How strongly the loss pulls on the weights, averaged over the same intervals: a "
          "spike is a stretch of batches that shook the model.",
          "", ""},
         "gradient norm",
         &Metrics::grad_norm}};
    std::vector<Figure> figures;
    for (Wanted& w : wanted) {
        if (!drawable(metrics, w.value)) {
            left_out.push_back(
                fmt::format("{}: metrics.csv has fewer than two finite values above 0", w.figure.title));
            continue;
        }
        std::int64_t gaps = 0;
        for (const Metrics& m : metrics) gaps += !std::isfinite(m.*w.value);
        Figure figure = curve(metrics, std::move(w.figure), w.label, w.value);
        if (gaps > 0)
            figure.meaning +=
                fmt::format(" {} of {} values are not finite and leave a gap.", gaps, metrics.size());
        figures.push_back(std::move(figure));
    }
    return figures;
}

}  // namespace lnn
