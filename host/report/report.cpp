#include "report/report.hpp"

#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files/atomic_file.hpp"
#include "files/run_files.hpp"
#include "problem/problem.hpp"
#include "report/figures.hpp"
#include "report/film.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

std::string protocols(const Contents& c) {
    std::string html;
    if (c.box) html += protocol(*c.box);
    if (c.energy) html += protocol(*c.energy);
    for (const auto& [broken, reason] : {std::pair(c.box.broken, c.box.reason), {c.energy.broken, c.energy.reason}})
        if (broken) html += paragraph(reason, "absent");
    return html.empty() ? ""
                        : section("Published protocols", fmt::format("<div class=\"wide cards\">\n{}</div>\n", html));
}

// what the summary says of the coordinates, trajectory by trajectory
std::string pairs_of(const Contents& c) {
    const bool known = c.summary && c.summary->pooled && c.summary->pooled->paired;
    return known ? pairs_sentence(*c.summary->pooled->paired) : "";
}

// medians and divergences; null where nothing was evaluated
Json key_results(const Contents& c) {
    if (!c.summary || !c.summary->pooled) return nullptr;
    const TrajectorySummary& summary = *c.summary->pooled;
    Json key = {{"median_mse", Json::object()}};
    for (std::size_t i = 0; i < summary.mse.size(); ++i)
        key["median_mse"][c.summary->coordinates[i]] = finite_or_null(summary.mse[i].all.median);
    key["median_valid_time"] = finite_or_null(summary.valid_time.median);
    key["median_energy_error"] = finite_or_null(summary.energy_error.median);
    key["t_end"] = c.summary->t_end;
    key["diverged"] = summary.diverged;
    key["trajectories"] = c.summary->evaluated();
    return key;
}

// the film and every figure there can be
std::string pictures(const Contents& c, std::vector<std::string>& notes) {
    std::vector<std::string> left_out;
    std::vector<Figure> all;
    const auto take = [&](std::vector<Figure> figures) {
        for (Figure& figure : figures) all.push_back(std::move(figure));
    };
    std::string moving;
    if (c.motions) {
        const Drawing drawing = drawing_of(*c.problem, *c.motions);
        moving = section("Motion", film(drawing, *c.motions));
        take(motion_figures(drawing, *c.motions));
        if (c.problem->system)
            all.push_back(energy_figure(*c.problem->system, *c.motions, c.network ? &*c.network : nullptr));
    } else {
        left_out.push_back("Motion and energy: " + c.motions.reason);
    }
    const bool compared = !c.problem || c.problem->system;
    if (!compared)
        left_out.push_back(
            "Energy and errors over random trajectories need true equations, which a measured file does not have.");
    if (c.metrics)
        take(curves(*c.metrics, left_out));
    else
        left_out.push_back("Training curves: " + c.metrics.reason);
    if (c.scores)
        take(error_figures(*c.scores, pairs_of(c)));
    else if (compared)
        left_out.push_back("Distribution of the errors: " + c.scores.reason);
    std::string about = "Numbers and gnuplot scripts are in figures/.";
    if (c.motions)
        about = fmt::format("{} of {}. {}", compared ? "Motion and energy are those" : "Motion is that",
                            c.motions->all[0].label, about);
    return moving +
           section("Figures", paragraph(about, "note") + figures(all, c.run / run_files::figures, left_out, notes));
}

}  // namespace

std::vector<std::string> write_report(const std::filesystem::path& run) {
    const Contents c = read_contents(run);
    std::vector<std::string> notes;
    const auto note = [&](const auto& part) {
        if (part.broken) notes.push_back(part.reason);
    };
    note(c.config), note(c.record), note(c.metrics), note(c.summary), note(c.measured), note(c.box), note(c.energy),
        note(c.motions), note(c.scores), note(c.network);

    std::string leads, tables;
    if (c.measured) {
        leads += measured_lead(*c.measured);
        tables += measured_results(*c.measured);
    }
    if (c.measured.broken) tables += paragraph(c.measured.reason, "absent");
    if (!c.measured || c.summary || c.summary.broken) {
        leads += lead(c);
        tables += results(c);
    }
    std::string html = header(c, leads) + (c.measured ? measured_tiles(*c.measured) : "") + tiles(c) +
                       pictures(c, notes) + section("Results", tables) + protocols(c) + settings(c) + record(c);
    write_file(run / run_files::report, page(title(c), html), true);
    return notes;
}

nlohmann::ordered_json report_json(const std::filesystem::path& run) {
    const Contents c = read_contents(run);
    Json json = {{"run", run.string()}, {"report", (run / run_files::report).string()}};
    std::set<std::string> pictures;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(run / run_files::figures, error))
        if (entry.path().extension() == ".svg") pictures.insert(entry.path().string());
    json["figures"] = pictures;
    json["results"] = key_results(c);
    return json;
}

}  // namespace lnn
