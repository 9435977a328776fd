#include <fmt/format.h>

#include "report/html.hpp"
#include "report/sections.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

std::string interval(const Json& pair) {
    return pair.at(0).is_null() && pair.at(1).is_null()
               ? "not finite"
               : fmt::format("{} .. {}", number(pair.at(0)), number(pair.at(1)));
}

std::string percent(const Json& share) {
    return share.is_number() ? fmt::format("{:.3g} %", 100 * share.get<double>()) : number(share);
}

bool failed(const Json& model) { return model.at("failed").get<bool>(); }

// the rows of one model, or of all pooled
std::string mse_rows(const Json& summary, const std::string& label, std::string_view style) {
    std::string rows;
    for (const auto& [coordinate, entry] : summary.at("mse").items()) {
        std::vector<std::string> cells = {label.empty() ? coordinate
                                                        : fmt::format("{} {}", label, coordinate)};
        for (const Json& mean : entry.at("per_repeat_mean")) cells.push_back(number(mean));
        for (const char* share : {"median", "ci95_median", "p05", "p95"}) {
            const Json& value = entry.at(share);
            cells.push_back(value.is_array() ? interval(value) : number(value));
        }
        cells.push_back(number(summary.at("diverged")));
        rows += row(cells, style);
    }
    return rows;
}

std::string mse_table(const Json& summary) {
    const std::size_t repeats = summary.at("repeats");
    const Json& models = summary.at("models");
    std::string rows = fmt::format(
        "<thead><tr><th></th><th scope=\"colgroup\" colspan=\"{}\">mean over {} trajectories, computed {} "
        "times</th>"
        "<th scope=\"colgroup\" colspan=\"4\">over all trajectories</th><th></th></tr>\n",
        repeats, escape(number(summary.at("trajectories"))), repeats);
    std::vector<std::string> names = {"squared error"};
    for (std::size_t r = 1; r <= repeats; ++r) names.push_back(fmt::format("mean {}", r));
    for (const char* name : {"median", "its 95 % interval", "5 % below", "95 % below", "diverged"})
        names.push_back(name);
    rows += heading_row(names).substr(std::string_view("<thead>").size());
    const bool several = models.size() > 1;
    if (several)
        for (const Json& model : models) {
            const std::string label = fmt::format("seed {}", number(model.at("seed")));
            rows += failed(model)
                        ? fmt::format(
                              "<tr><th scope=\"row\">{}</th><td colspan=\"{}\">left the finite numbers "
                              "in training</td></tr>\n",
                              escape(label), repeats + 5)
                        : mse_rows(model, label, "");
        }
    if (summary.contains("mse")) rows += mse_rows(summary, several ? "all" : "", several ? "pooled" : "");
    return table(rows, "numbers");
}

std::string quantile_table(const Json& summary) {
    std::string rows = heading_row({"", "mean", "median", "its 95 % interval", "5 % below", "95 % below"});
    const std::pair<const char*, const char*> lines[] = {{"energy_error", "energy error at the end, J"},
                                                         {"integrator_drift", "the integrator's own, J"},
                                                         {"valid_time", "valid time, s"}};
    for (const auto& [key, label] : lines) {
        const Json& q = summary.at(key);
        rows += q.is_null() ? row({label, "-", "-", "-", "-", "-"})
                            : row({label, number(q.at("mean")), number(q.at("median")),
                                   interval(q.at("ci95_median")), number(q.at("p05")), number(q.at("p95"))});
    }
    return table(rows, "numbers");
}

// how the medians came out, in a sentence
std::string in_short(const Json& summary) {
    std::string medians;
    for (const auto& [coordinate, entry] : summary.at("mse").items())
        medians += fmt::format("{}{} for {}", medians.empty() ? "" : " and ", number(entry.at("median")),
                               coordinate);
    return fmt::format(
        "Half of all random trajectories of {} s have a mean squared error below {}; {} of {} diverged.",
        number(summary.at("t_end")), medians, number(summary.at("diverged")),
        summary.at("trajectories").get<std::int64_t>() * summary.at("repeats").get<std::int64_t>() *
            summary.at("models_evaluated").get<std::int64_t>());
}

std::string pairs_sentence(const Json& paired) {
    return fmt::format(
        "The second coordinate is the worse one in {} of {} trajectories (sign test over trajectories: p = "
        "{}).",
        paired.at("second_worse").is_null() ? "none" : percent(paired.at("second_worse")),
        number(paired.at("trajectories")), number(paired.at("p_value")));
}

}  // namespace

std::string results(const Contents& c) {
    if (!c.summary) return paragraph(c.summary.reason, "absent");
    const Json& summary = *c.summary;
    std::string html;
    if (!summary.contains("mse"))
        html += paragraph("No model survived training.", "lead");
    else
        html += paragraph(in_short(summary), "lead");
    html += paragraph(
        fmt::format(
            "Squared error of each unwrapped coordinate (rad² or m²), averaged over {} s at steps of {} s, "
            "against "
            "the true motion from the same random start. Few trajectories carry most of a mean: the median "
            "and the quantiles say what is typical.",
            number(summary.at("t_end")), number(summary.at("dt"))),
        "note");
    html += mse_table(summary);
    if (summary.contains("mse")) {
        if (summary.contains("paired")) html += paragraph(pairs_sentence(summary.at("paired")));
        html += "<h3>Energy and valid time</h3>\n" + quantile_table(summary);
        html += paragraph(
            "Energy error: how far the true energy at the end of the model's motion is from that of the "
            "truth. "
            "Valid time: how long every coordinate stays close to the truth (eval.valid_below).",
            "note");
    }
    return html;
}

std::string protocol(const Json& result) {
    const bool box = result.at("protocol") == "box";
    const Json& published = result.at("published");
    std::string names, rows;
    const auto text = [&](const Json& x) { return box ? number(x) : percent(x); };
    rows = heading_row({"", "mean", "median", box ? "95 % below" : "worst"});
    const Json& own = result.at(box ? "l1" : "relative_error");
    rows +=
        row({"this run", text(own.at("mean")), text(own.at("median")), text(own.at(box ? "p95" : "worst"))});
    if (!box) {
        const Json& floor = result.at("integrator_floor");
        rows += row({"the integrator's own", text(floor.at("mean")), "", text(floor.at("worst"))});
    }
    for (const auto& [name, value] : published.items())
        rows += row({"published: " + name, text(value), "", ""});
    const std::string note =
        box ? fmt::format(
                  "Sum of the absolute errors of the accelerations, {}, over {} fresh states; their mean "
                  "size is {}; not finite: {}.",
                  result.at("unit").get<std::string>(), number(result.at("states")),
                  number(result.at("mean_size")), number(result.at("non_finite")))
            : fmt::format(
                  "Energy error after {} s relative to the energy at rest ({} J), over {} starts nearly at "
                  "rest; "
                  "diverged: {}.",
                  number(result.at("t_end")), number(result.at("energy_scale")), number(result.at("starts")),
                  number(result.at("diverged")));
    return fmt::format("<div><h3>{}</h3>\n{}{}</div>\n",
                       box ? "Accelerations in a box" : "Energy over a long time", table(rows, "numbers"),
                       paragraph(note, "note"));
}

}  // namespace lnn
