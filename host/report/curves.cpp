#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "report/figures.hpp"
#include "statistics/statistics.hpp"

namespace lnn {

namespace {

// a quantity over the steps of a training; NaN leaves a gap
struct Line {
    std::string name;
    std::size_t colour;
    std::map<std::int64_t, double> values;
};

// on a logarithmic axis; a step that a line has no value for leaves no gap in it
Figure overlaid(Figure figure, const char* label, const std::vector<Line>& lines) {
    std::set<std::int64_t> steps;
    double low = HUGE_VAL, high = 0;
    figure.csv = "step";
    for (const Line& line : lines) {
        figure.csv += "," + column_name(line.name);
        for (const auto& [step, x] : line.values) {
            steps.insert(step);
            if (std::isfinite(x) && x > 0) low = std::min(low, x), high = std::max(high, x);
        }
    }
    for (std::int64_t step : steps) {
        figure.csv += fmt::format("\n{}", step);
        for (const Line& line : lines) {
            const auto found = line.values.find(step);
            figure.csv += "," + (found == line.values.end() ? "" : value_text(found->second));
        }
    }
    figure.csv += "\n";

    // more lines than colours: a band of thin ones, not a legend
    const bool few = lines.size() <= std::size(colours);
    figure.plot = fmt::format("set xlabel 'step'\nset ylabel '{}'\n", label) +
                  log_axis('y', std::log10(0.8 * low), std::log10(1.25 * high)) +
                  axis('x', 0, double(*steps.rbegin()), 5);
    if (lines.size() == 1 || !few) figure.plot += "unset key\n";
    figure.plot += "plot";
    for (std::size_t i = 0; i < lines.size(); ++i)
        figure.plot +=
            fmt::format("{} \\\n  '{}.csv' using 1:{} with lines linewidth {} linecolor rgb '{}' title {} noenhanced",
                        i == 0 ? "" : ",", figure.name, i + 2, few ? 1.5 : 0.5, colour_of(few ? lines[i].colour : 0),
                        in_quotes(lines[i].name));
    figure.plot += "\n";
    return figure;
}

// a line a seed; `value` is a column of metrics.csv
std::vector<Line> by_seed(const std::vector<Metrics>& rows, double Metrics::*value) {
    std::map<std::uint64_t, Line> lines;
    for (const Metrics& m : rows) {
        Line& line = lines[m.seed];
        line.name = fmt::format("seed {}", m.seed);
        line.values[m.step] = m.*value;
    }
    std::vector<Line> all;
    for (auto& [seed, line] : lines) {
        line.colour = all.size();
        all.push_back(std::move(line));
    }
    return all;
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
            left_out.push_back(fmt::format("{}: metrics.csv has fewer than two finite values above 0", w.figure.title));
            continue;
        }
        std::int64_t gaps = 0;
        for (const Metrics& m : metrics) gaps += !std::isfinite(m.*w.value);
        Figure figure = overlaid(std::move(w.figure), w.label, by_seed(metrics, w.value));
        if (gaps > 0)
            figure.meaning += fmt::format(" {} of {} values are not finite and leave a gap.", gaps, metrics.size());
        figures.push_back(std::move(figure));
    }
    return figures;
}

std::optional<Figure> losses(const std::vector<std::pair<std::string, std::vector<Metrics>>>& runs) {
    std::vector<Line> lines;
    for (std::size_t run = 0; run < runs.size(); ++run) {
        const auto& [name, rows] = runs[run];
        if (!drawable(rows, &Metrics::loss)) continue;
        std::map<std::int64_t, std::vector<double>> seeds;
        for (const Metrics& m : rows) seeds[m.step].push_back(m.loss);
        Line line{name, run, {}};
        for (const auto& [step, values] : seeds) line.values[step] = quantile(sorted(values), 0.5);
        lines.push_back(std::move(line));
    }
    if (lines.empty()) return {};
    return overlaid({"loss", "Loss", "What training makes small, a line a run: of several seeds their median.", "", ""},
                    "loss", lines);
}

}  // namespace lnn
