#include "sweep/page.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files/atomic_file.hpp"
#include "files/run_files.hpp"
#include "report/figures.hpp"
#include "report/html.hpp"
#include "statistics/statistics.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_cells = 30;    // on a side of a heat map
constexpr std::size_t most_lines = 2000;  // that a page carries
constexpr const char* palette =
    "set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725')\n";

// logarithm of the relative error; NaN where the model has none
double log_error(const Row& row) { return row.relative_error > 0 ? std::log10(row.relative_error) : NAN; }

// where a value lies on an axis: a number, the sum of a list of numbers, or the place of a word among all
double position(const Json& value, const std::vector<Json>& all) {
    if (value.is_number()) return value.get<double>();
    const bool numbers =
        value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& x) { return x.is_number(); });
    if (!numbers) return double(std::find(all.begin(), all.end(), value) - all.begin());
    double sum = 0;
    for (const Json& x : value) sum += x.get<double>();
    return sum;
}

// a swept setting: its values, in the order of their positions
struct Axis {
    std::string key;
    std::vector<Json> values;
    std::vector<double> at;
    bool logarithmic = false;

    double share(const Json& value) const {  // from 0 at the lowest to 1 at the highest
        const auto scale = [&](double x) { return logarithmic ? std::log10(x) : x; };
        const double low = scale(at.front()), high = scale(at.back());
        return high > low ? (scale(position(value, values)) - low) / (high - low) : 0.5;
    }
    std::size_t place(const Json& value) const {
        return std::find(values.begin(), values.end(), value) - values.begin();
    }
};

Axis axis_of(const std::string& key, const std::vector<Row>& rows) {
    Axis axis{key, {}, {}, false};
    for (const Row& row : rows)
        if (const Json& value = row.settings[key];
            std::find(axis.values.begin(), axis.values.end(), value) == axis.values.end())
            axis.values.push_back(value);
    const std::vector<Json> found = axis.values;
    std::stable_sort(axis.values.begin(), axis.values.end(),
                     [&](const Json& a, const Json& b) { return position(a, found) < position(b, found); });
    for (const Json& value : axis.values) axis.at.push_back(position(value, axis.values));
    axis.logarithmic = axis.at.front() > 0 && axis.at.back() >= 30 * axis.at.front();
    return axis;
}

std::string label(const Json& value) {
    return value.is_number_float() ? fmt::format("{:.3g}", value.get<double>()) : value_line(value);
}

// the first two settings with few values: median over all else of the relative error
std::optional<Figure> heat_map(const std::vector<Axis>& axes, const std::vector<Row>& rows) {
    std::vector<const Axis*> sides;
    for (const Axis& axis : axes)
        if (axis.values.size() > 1 && axis.values.size() <= most_cells && sides.size() < 2) sides.push_back(&axis);
    if (sides.size() < 2) return {};
    const Axis &x = *sides[0], &y = *sides[1];
    std::map<std::pair<std::size_t, std::size_t>, std::vector<double>> cells;
    for (const Row& row : rows) {
        const double e = log_error(row);
        cells[{x.place(row.settings[x.key]), y.place(row.settings[y.key])}].push_back(std::isnan(e) ? HUGE_VAL : e);
    }
    Figure figure{
        "heat_map", fmt::format("{} and {}", x.key, y.key),
        fmt::format(
            "Relative error on held-out states (where a file holds none out, on those of the training), the median "
            "over all else that was varied: 1 is that of predicting zero. Cells without colour: at least half of the "
            "models failed."),
        fmt::format("column,row,{},{},relative error\n", column_name(x.key), column_name(y.key)), ""};
    for (const auto& [cell, errors] : cells)
        figure.csv +=
            fmt::format("{},{},{},{},{}\n", cell.first, cell.second, csv_cell(x.values[cell.first]),
                        csv_cell(y.values[cell.second]), value_text(std::pow(10.0, quantile(sorted(errors), 0.5))));
    const auto tics = [](char name, const Axis& side) {
        std::string list;
        for (std::size_t i = 0; i < side.values.size(); ++i)
            list += fmt::format("{}{} {}", i ? ", " : "", in_quotes(label(side.values[i])), i);
        return fmt::format("set {0}tics ({1}) {2}noenhanced\nset {0}range [-0.5:{3}]\nset {0}label {4} noenhanced\n",
                           name, list, name == 'x' ? "rotate by -35 " : "", double(side.values.size()) - 0.5,
                           in_quotes(side.key));
    };
    figure.plot = tics('x', x) + tics('y', y) + palette +
                  "unset grid\nunset key\nset cblabel 'relative error'\nset logscale cb\nset format cb '%.2g'\n"
                  "plot 'heat_map.csv' using 1:2:5 with image pixels\n";
    return figure;
}

// every model a line through its settings to its error
std::optional<Figure> parallel_coordinates(const std::vector<Axis>& axes, const std::vector<Row>& rows) {
    std::vector<double> errors;
    for (const Row& row : rows)
        if (const double e = log_error(row); std::isfinite(e)) errors.push_back(e);
    if (errors.size() < 2) return {};
    std::sort(errors.begin(), errors.end());
    const double low = errors.front(), high = std::max(errors.back(), low + 0.1);
    Figure figure{
        "parallel", "Where the good models lie",
        fmt::format("A line a model, through each setting to its relative error, which is its colour. {} of {} models "
                    "have no finite error and no line.",
                    rows.size() - errors.size(), rows.size()),
        "axis,share,log10 relative error\n", ""};
    figure.width = 720;
    const std::size_t every = (rows.size() + most_lines - 1) / most_lines;
    for (std::size_t r = 0; r < rows.size(); r += every) {
        const double e = log_error(rows[r]);
        if (!std::isfinite(e)) continue;
        for (std::size_t i = 0; i < axes.size(); ++i)
            figure.csv +=
                fmt::format("{},{},{}\n", i, value_text(axes[i].share(rows[r].settings[axes[i].key])), value_text(e));
        figure.csv += fmt::format("{},{},{}\n\n", axes.size(), value_text((e - low) / (high - low)), value_text(e));
    }
    std::string tics, marks;
    const auto mark = [&](std::size_t i, const std::string& bottom, const std::string& top) {
        marks += fmt::format(
            "set label {} at {},-0.06 center noenhanced\nset label {} at {},1.06 center noenhanced\n"
            "set arrow from {},0 to {},1 nohead linecolor rgb '#808080' front\n",
            in_quotes(bottom), i, in_quotes(top), i, i, i);
    };
    for (std::size_t i = 0; i < axes.size(); ++i) {
        tics += fmt::format("{} {}, ", in_quotes(axes[i].key), i);
        mark(i, label(axes[i].values.front()), label(axes[i].values.back()));
    }
    mark(axes.size(), fmt::format("{:.3g}", std::pow(10.0, low)), fmt::format("{:.3g}", std::pow(10.0, high)));
    figure.plot = fmt::format(
                      "set xtics ({}'relative error' {}) noenhanced offset 0,-0.5 scale 0\nset bmargin 4\nset xrange "
                      "[-0.3:{}]\nset yrange [-0.12:1.12]\n"
                      "unset ytics\nunset grid\nunset key\nunset border\nunset colorbox\n",
                      tics, axes.size(), double(axes.size()) + 0.3) +
                  palette + marks + "plot 'parallel.csv' using 1:2:3 with lines linewidth 0.7 linecolor palette\n";
    return figure;
}

std::string best_table(const std::vector<std::string>& keys, const Json& best) {
    std::vector<std::string> names = {"model", "relative error", "seed"};
    names.insert(names.end(), keys.begin(), keys.end());
    std::string html = heading_row(names);
    for (const Json& found : best) {
        std::vector<std::string> cells = {found["id"].dump(), number(found["relative_error"]), found["seed"].dump()};
        for (const std::string& key : keys) cells.push_back(label(found["settings"][key]));
        html += row(cells);
    }
    return table(html, "numbers");
}

}  // namespace

std::vector<std::string> write_sweep_page(const std::filesystem::path& directory, const std::vector<std::string>& keys,
                                          const std::vector<Row>& rows, const Json& summary) {
    std::vector<Axis> axes;
    for (const std::string& key : keys) axes.push_back(axis_of(key, rows));
    std::vector<Figure> all;
    for (auto& figure : {heat_map(axes, rows), parallel_coordinates(axes, rows)})
        if (figure) all.push_back(*figure);
    std::vector<std::string> notes;
    const std::string title = fmt::format("A sweep of {} models", summary["models"].dump());
    const std::string fate = fmt::format(
        "{} trained to the end, {} failed; {} without a finite error, {} worse than predicting zero; {} left steps "
        "out, {} "
        "rolled some back.",
        summary["ok"].dump(), summary["failed"].dump(), summary["not_finite"].dump(), summary["worse_than_zero"].dump(),
        summary["skipped_steps"].dump(), summary["rolled_back"].dump());
    write_file(directory / run_files::report,
               page(title, fmt::format("<header>\n<h1>{}</h1>\n{}</header>\n", escape(title), paragraph(fate, "lead")) +
                               section("Figures", figures(all, directory / run_files::figures, {}, notes)) +
                               section("The best",
                                       best_table(keys, summary["best"]) +
                                           paragraph("All models are in table.csv; the weights of the best in models/.",
                                                     "note"))),
               true);
    return notes;
}

}  // namespace lnn
