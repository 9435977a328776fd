#include "compare/page.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "files/atomic_file.hpp"
#include "files/run_files.hpp"
#include "report/figures.hpp"
#include "report/html.hpp"

namespace lnn {

namespace {

// a point a seed, the models side by side; nothing where no model has an error with a logarithm
std::vector<Figure> errors_of(const std::string& system, const std::vector<ComparedModel>& all) {
    Figure figure{
        "accelerations_" + system, system,
        "Error of the accelerations over their size, a point a seed: 1 is that of predicting zero. Seeds that failed have "
        "none.",
        "place,error\n", ""};
    std::vector<double> logs;
    std::string tics;
    int place = 0;
    for (const ComparedModel& one : all) {
        if (one.system != system) continue;
        tics += fmt::format("{}{} {}", place ? ", " : "", in_quotes(one.model), place);
        for (std::size_t k = 0; k < one.seeds.size(); ++k)
            if (const double e = one.seeds[k].accelerations; e > 0 && std::isfinite(e)) {
                const double beside = 0.4 * (double(k) - 0.5 * double(one.seeds.size() - 1)) / double(one.seeds.size());
                figure.csv += fmt::format("{},{}\n", value_text(place + beside), value_text(e));
                logs.push_back(std::log10(e));
            }
        ++place;
    }
    if (logs.empty()) return {};
    const auto [low, high] = std::minmax_element(logs.begin(), logs.end());
    figure.plot =
        fmt::format(
            "set xtics ({}) noenhanced\nset xrange [-0.6:{}]\nset ylabel 'error of the accelerations'\nunset key\n",
            tics, place - 0.4) +
        log_axis('y', *low - 0.3, *high + 0.3) +
        fmt::format("plot '{}.csv' using 1:2:(0.04) with circles linecolor rgb '{}' fill solid notitle\n", figure.name,
                    colour_of(0));
    return {figure};
}

}  // namespace

std::vector<std::string> write_comparison_page(const std::filesystem::path& directory,
                                               const std::vector<ComparedModel>& all) {
    std::vector<std::string> notes, systems;
    for (const ComparedModel& one : all)
        if (std::find(systems.begin(), systems.end(), one.system) == systems.end()) systems.push_back(one.system);
    const auto cells = cells_of(all);
    std::string rows = heading_row(cells[0]), meanings;
    for (std::size_t i = 1; i < cells.size(); ++i) rows += row(cells[i]);
    for (const Column& column : columns) meanings += row({column.heading, column.meaning});
    std::vector<Figure> drawn;
    for (const std::string& system : systems)
        for (Figure& figure : errors_of(system, all)) drawn.push_back(std::move(figure));
    const std::string title = fmt::format("Models compared on {}", fmt::join(systems, ", "));
    const std::string html =
        fmt::format("<header>\n<h1>{}</h1>\n</header>\n", escape(title)) + section("Table", table(rows, "numbers")) +
        section("Figures", figures(drawn, directory / run_files::figures, {}, notes)) +
        section(
            "What the figures are",
            paragraph("Medians over the seeds, with the lowest and the highest. Every model had the same states to "
                      "learn from, as many weights as whole units allow, and as many steps; ratios are paired over the "
                      "seeds. The run of each pair is in SYSTEM/MODEL beside this page, with a report of its own.") +
                table(meanings, "pairs"));
    write_file(directory / run_files::report, page(title, html), true);
    return notes;
}

}  // namespace lnn
