#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "report/figures.hpp"
#include "statistics/statistics.hpp"

namespace lnn {

namespace {

// decimal logarithms of what has one, in order
std::vector<double> logarithms(std::span<const double> values) {
    std::vector<double> logs;
    for (double x : values)
        if (std::isfinite(x) && x > 0) logs.push_back(std::log10(x));
    std::sort(logs.begin(), logs.end());
    return logs;
}

std::string left_out_note(std::size_t left_out) {
    return left_out == 0 ? "" : fmt::format(" {} errors of 0 or not finite have no place in it.", left_out);
}

}  // namespace

std::optional<Figure> distribution(std::string name, std::string title, std::string meaning,
                                   const std::vector<Series>& all) {
    // the outermost 1 % on either side, runaways among them, would squeeze the rest
    double low = HUGE_VAL, high = -HUGE_VAL;
    std::vector<std::vector<double>> logs;
    std::size_t left_out = 0;
    for (const Series& series : all) {
        logs.push_back(logarithms(series.values));
        left_out += series.values.size() - logs.back().size();
        if (logs.back().empty()) continue;
        low = std::min(low, quantile(logs.back(), 0.01) - 0.3);
        high = std::max(high, quantile(logs.back(), 0.99) + 0.3);
    }
    if (low > high) return {};
    const double width = std::max(0.1, (high - low) / 60);
    const std::size_t bins = std::size_t((high - low) / width) + 1;

    Figure figure{std::move(name), std::move(title), std::move(meaning) + left_out_note(left_out), "", ""};
    std::vector<std::vector<double>> shares(all.size(), std::vector<double>(bins));
    figure.csv = "squared error";
    for (std::size_t s = 0; s < all.size(); ++s) {
        figure.csv += "," + column_name(all[s].name);
        for (double x : logs[s])
            shares[s][std::size_t(std::clamp((x - low) / width, 0.0, double(bins - 1)))] +=
                100.0 / double(all[s].values.size());
    }
    // from bin to bin in steps, which start and end at nothing
    for (std::size_t k = 0; k < 2 * bins + 2; ++k) {
        figure.csv += "\n" + value_text(std::pow(10.0, low + width * double(k / 2)));
        for (const auto& share : shares)
            figure.csv += "," + value_text(k == 0 || k > 2 * bins ? 0 : share[(k - 1) / 2]);
    }
    figure.csv += "\n";

    figure.plot = "set xlabel 'mean squared error of a trajectory'\nset ylabel 'trajectories / %'\nset yrange [0:]\n" +
                  log_axis('x', low, low + width * double(bins));
    std::string lines;
    for (std::size_t s = 0; s < all.size(); ++s) {
        const char* colour = colour_of(all[s].colour);
        // of all, as in the tables: none where half of them are not finite
        const double median = quantile(sorted(all[s].values), 0.5);
        if (std::isfinite(median) && median > 0)
            figure.plot += fmt::format(
                "set arrow from {0}, graph 0 to {0}, graph 1 nohead dashtype (4,4) linewidth 1.5 "
                "linecolor rgb '{1}'\n",
                value_text(median), colour);
        lines += fmt::format(
            "{0}'{1}.csv' using 1:{2} with filledcurves y1=0 fillstyle transparent solid 0.18 noborder "
            "linecolor rgb '{3}' notitle, \\\n"
            "     '{1}.csv' using 1:{2} with lines linewidth 2 linecolor rgb '{3}' title {4} noenhanced",
            s == 0 ? "plot " : ", \\\n     ", figure.name, s + 2, colour, in_quotes(all[s].name));
    }
    figure.plot += lines + "\n";
    return figure;
}

namespace {

// the first coordinate's error against the second's, a point a trajectory
std::optional<Figure> pairs_figure(const Scores& scores, std::string_view paired) {
    constexpr std::size_t most = 2000;  // points that a page carries
    std::vector<std::array<double, 2>> points;
    std::vector<double> both;
    const std::size_t count = scores.mse[0].size(), every = (count + most - 1) / most;
    for (std::size_t k = 0; k < count; k += every) {
        const double a = scores.mse[0][k], b = scores.mse[1][k];
        if (!std::isfinite(a) || !std::isfinite(b) || a <= 0 || b <= 0) continue;
        points.push_back({a, b});
        both.insert(both.end(), {a, b});
    }
    if (points.size() < 2) return {};
    const std::vector<double> logs = logarithms(both);
    const double low = quantile(logs, 0.01) - 0.3, high = quantile(logs, 0.99) + 0.3;
    const std::string &first = scores.names[0], &second = scores.names[1];
    Figure figure{"pairs", fmt::format("{} against {}", second, first),
                  fmt::format("A point a trajectory: above the line {} is the worse one.", second),
                  fmt::format("{},{}\n", column_name(first), column_name(second)), ""};
    if (!paired.empty()) figure.meaning += fmt::format(" {}", paired);
    if (every > 1) figure.meaning += fmt::format(" One in {} is drawn.", every);
    for (const auto& [a, b] : points) figure.csv += fmt::format("{},{}\n", value_text(a), value_text(b));
    // a stroke too short to be seen as one is a dot, and all dots are one path of the picture
    const double stroke = std::pow(10.0, 0.001 * (high - low)) - 1;
    figure.plot = fmt::format(
        "set xlabel {} noenhanced\nset ylabel {} noenhanced\n{}{}set size ratio 1\nunset key\n"
        "plot 'pairs.csv' using 1:2:($1*{:.3g}):(0) with vectors nohead "
        "linewidth 3 linecolor rgb '#80{}', \\\n"
        "     x with lines linewidth 1 linecolor rgb '#000000'\n",
        in_quotes("mean squared error of " + first), in_quotes("mean squared error of " + second),
        log_axis('x', low, high), log_axis('y', low, high), stroke, colours[1] + 1);
    return figure;
}

}  // namespace

std::vector<Figure> error_figures(const Scores& scores, std::string_view paired) {
    std::vector<Series> coordinates;
    for (std::size_t i = 0; i < scores.names.size(); ++i) coordinates.push_back({scores.names[i], scores.mse[i], i});
    std::vector<Figure> figures;
    if (auto figure = distribution(
            "errors", "Errors of all trajectories",
            fmt::format("How the errors of {} random trajectories are spread: each dashed line is a median. The "
                        "outermost steps hold what lies beyond.",
                        scores.mse[0].size()),
            coordinates))
        figures.push_back(std::move(*figure));
    if (scores.names.size() > 1)
        if (auto figure = pairs_figure(scores, paired)) figures.push_back(std::move(*figure));
    return figures;
}

}  // namespace lnn
