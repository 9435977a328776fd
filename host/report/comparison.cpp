// Several runs on one page: results in a table with a column a run, losses and errors overlaid, and the
// settings in which they differ.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files/atomic_file.hpp"
#include "report/figures.hpp"
#include "report/html.hpp"
#include "report/report.hpp"
#include "report/sections.hpp"
#include "settings/schema.hpp"
#include "settings/write.hpp"

namespace lnn {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Run {
    std::string name;
    Contents contents;

    // null where it was not evaluated, or no model survived
    const TrajectorySummary* summary() const {
        return contents.summary && contents.summary->pooled ? &*contents.summary->pooled : nullptr;
    }
    // of the squared error of a coordinate; none where it is not known
    std::optional<double> median(const std::string& coordinate) const {
        if (!summary()) return std::nullopt;
        const std::vector<std::string>& names = contents.summary->coordinates;
        const auto at = std::find(names.begin(), names.end(), coordinate);
        if (at == names.end()) return std::nullopt;
        return summary()->mse[std::size_t(at - names.begin())].all.median;
    }
};

// by the names of their directories, or by their paths where two have the same
std::vector<Run> read(const std::vector<fs::path>& paths) {
    std::vector<Run> runs;
    std::set<std::string> names;
    for (const fs::path& path : paths) {
        Contents c = read_contents(path);
        names.insert(c.name);
        std::string name = c.name;
        runs.push_back({std::move(name), std::move(c)});
    }
    if (names.size() < runs.size())
        for (Run& run : runs) run.name = run.contents.run.string();
    return runs;
}

template <class F>
std::string row_of(const std::string& label, const std::vector<Run>& runs, F cell) {
    std::vector<std::string> cells = {label};
    for (const Run& run : runs) cells.push_back(cell(run));
    return row(cells);
}

// of all runs, in the order in which they come
std::vector<std::string> coordinates(const std::vector<Run>& runs) {
    std::vector<std::string> names;
    for (const Run& run : runs)
        if (run.summary())
            for (const std::string& name : run.contents.summary->coordinates)
                if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    return names;
}

std::string names_row(const std::vector<Run>& runs) {
    std::vector<std::string> cells = {""};
    for (const Run& run : runs) cells.push_back(run.name);
    return heading_row(cells);
}

std::string results_table(const std::vector<Run>& runs) {
    std::string rows = names_row(runs);
    rows += row_of("system", runs,
                   [](const Run& run) { return run.contents.config ? run.contents.config->system.kind : "-"; });
    rows += row_of("layers", runs, [](const Run& run) {
        return run.contents.config ? fmt::format("{}", fmt::join(run.contents.config->model.hidden, " × ")) : "-";
    });
    for (const std::string& name : coordinates(runs))
        rows += row_of(name + ": median squared error", runs, [&](const Run& run) {
            const auto median = run.median(name);
            return median ? number(*median) : "-";
        });
    const auto if_evaluated = [&](const char* label, std::string (*cell)(const TrajectoryEvaluation&)) {
        rows += row_of(label, runs, [&](const Run& run) { return run.summary() ? cell(*run.contents.summary) : "-"; });
    };
    if_evaluated("holds for, median, s", [](const auto& e) { return number(e.pooled->valid_time.median); });
    if_evaluated("energy error, median, J", [](const auto& e) { return number(e.pooled->energy_error.median); });
    if_evaluated("diverged", [](const auto& e) { return fmt::format("{} of {}", e.pooled->diverged, e.evaluated()); });
    rows += row_of("training, s", runs, [](const Run& run) {
        const auto at = Json::json_pointer("/timings/train");
        return run.contents.record && run.contents.record->contains(at) ? number(run.contents.record->at(at)) : "-";
    });
    return table(rows, "numbers") + paragraph(
                                        "Each run is judged on starts of its own settings: like goes with "
                                        "like where [data] and [eval] below "
                                        "are the same.",
                                        "note");
}

// which run is best, coordinate by coordinate, where there is a choice
std::string best(const std::vector<Run>& runs) {
    std::string text;
    for (const std::string& name : coordinates(runs)) {
        const Run* lowest = nullptr;
        int choice = 0;
        for (const Run& run : runs) {
            const auto median = run.median(name);
            if (!median || !std::isfinite(*median)) continue;
            ++choice;
            if (!lowest || *median < *lowest->median(name)) lowest = &run;
        }
        if (choice > 1)
            text +=
                fmt::format("{}{} in {} ({:.4g})", text.empty() ? "The median squared error is lowest for " : ", for ",
                            name, lowest->name, *lowest->median(name));
    }
    return text.empty() ? "" : paragraph(text + ".", "lead");
}

std::string settings_table(const std::vector<Run>& runs) {
    std::set<std::string> keys;
    const Run* first = nullptr;
    for (const Run& run : runs) {
        if (!run.contents.config) continue;
        if (!first) first = &run;
        const auto other = differences(*first->contents.config, *run.contents.config);
        keys.insert(other.begin(), other.end());
    }
    if (keys.empty()) return paragraph("The settings of these runs are the same.", "note");
    std::string rows = names_row(runs);
    for (const std::string& key : keys) {
        std::string path = "/" + key;
        std::replace(path.begin(), path.end(), '.', '/');
        rows += row_of(key, runs, [&](const Run& run) {
            if (!run.contents.config) return std::string("-");
            const Json values = config_to_json(*run.contents.config);
            const auto at = Json::json_pointer(path);
            return values.contains(at) ? value_line(values.at(at)) : "-";
        });
    }
    return table(rows, "numbers");
}

std::vector<Figure> overlaid(const std::vector<Run>& runs) {
    std::vector<Figure> figures;
    std::vector<std::pair<std::string, std::vector<Metrics>>> metrics;
    for (const Run& run : runs)
        metrics.emplace_back(run.name, run.contents.metrics.value.value_or(std::vector<Metrics>()));
    if (auto figure = losses(metrics)) figures.push_back(std::move(*figure));
    std::vector<std::pair<std::string, std::vector<Series>>> coordinates;
    for (std::size_t r = 0; r < runs.size(); ++r) {
        if (!runs[r].contents.scores) continue;
        const Scores& scores = *runs[r].contents.scores;
        for (std::size_t i = 0; i < scores.names.size(); ++i) {
            auto at = std::find_if(coordinates.begin(), coordinates.end(),
                                   [&](const auto& c) { return c.first == scores.names[i]; });
            if (at == coordinates.end()) at = coordinates.insert(at, {scores.names[i], {}});
            at->second.push_back({runs[r].name, scores.mse[i], r});
        }
    }
    for (std::size_t i = 0; i < coordinates.size(); ++i)
        if (auto figure =
                distribution(fmt::format("errors_{}", i + 1), "Errors of " + coordinates[i].first,
                             "How the errors of all trajectories are spread, run by run: each dashed line is a "
                             "median. The outermost steps hold what lies beyond.",
                             coordinates[i].second))
            figures.push_back(std::move(*figure));
    return figures;
}

}  // namespace

std::vector<std::string> write_comparison(const std::vector<fs::path>& paths, const fs::path& target, bool force) {
    check_target(target, force);
    const std::vector<Run> runs = read(paths);
    std::vector<std::string> notes, reasons;
    for (const Run& run : runs)
        for (const std::string& reason : {run.contents.metrics.reason, run.contents.scores.reason})
            if (!reason.empty()) reasons.push_back(fmt::format("{}: {}", run.name, reason));
    const std::string name = fmt::format("{} runs side by side", runs.size());
    fs::path directory = target;
    directory.replace_extension();
    directory += "-figures";
    std::string html = fmt::format("<header>\n<h1>{}</h1>\n{}</header>\n", name, best(runs));
    html += section("Results", results_table(runs));
    html += section("Figures", figures(overlaid(runs), directory, reasons, notes));
    html += section("Settings that differ", settings_table(runs));
    write_file(target, page(name, html), force);
    return notes;
}

}  // namespace lnn
