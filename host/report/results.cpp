#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "problem/problem.hpp"
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
        std::vector<std::string> cells = {label.empty() ? coordinate : fmt::format("{} {}", label, coordinate)};
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
                        ? fmt::format("<tr><th scope=\"row\">{}</th><td colspan=\"{}\">failed in training</td></tr>\n",
                                      escape(label), repeats + 5)
                        : mse_rows(model, label, "");
        }
    if (summary.contains("mse")) rows += mse_rows(summary, several ? "all" : "", several ? "pooled" : "");
    return table(rows, "numbers");
}

std::string quantile_table(const Json& summary) {
    std::string rows = heading_row({"", "mean", "median", "its 95 % interval", "5 % below", "95 % below"});
    const std::pair<const char*, const char*> lines[] = {
        {"energy_error", "energy error at the end, J"},
        {"integrator_drift", "the integrator's own, J"},
        {"valid_time", "valid time, s"},
        {"twin_valid_time", "the same of a twin of the truth, s"},
        {"valid_time_lyapunov", "valid time, Lyapunov times"},
        {"lyapunov_exponent", "Lyapunov exponent of the truth, until its twin parts, 1/s"}};
    for (const auto& [key, label] : lines) {
        if (!summary.contains(key)) continue;  // of a run before there were such
        const Json& q = summary.at(key);
        rows += q.is_null() ? row({label, "-", "-", "-", "-", "-"})
                            : row({label, number(q.at("mean")), number(q.at("median")), interval(q.at("ci95_median")),
                                   number(q.at("p05")), number(q.at("p95"))});
    }
    return table(rows, "numbers");
}

// three digits; large and small numbers with their power of ten
std::string short_number(const Json& x) {
    if (!x.is_number_float()) return number(x);
    const double value = x.get<double>(), size = std::abs(value);
    if (size == 0 || (size >= 1e-3 && size < 1e6)) return fmt::format("{:.3g}", value);
    constexpr const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    const std::string text = fmt::format("{:.2e}", value);
    const std::size_t e = text.find('e');
    std::string power;
    for (const char c : fmt::to_string(std::stoi(text.substr(e + 1)))) power += c == '-' ? "⁻" : digits[c - '0'];
    return fmt::format("{} × 10{}", text.substr(0, e), power);
}

std::int64_t all_trajectories(const Json& summary) {
    return summary.at("trajectories").get<std::int64_t>() * summary.at("repeats").get<std::int64_t>() *
           summary.at("models_evaluated").get<std::int64_t>();
}

// of a squared error; empty where the coordinate is not known
std::string unit_squared(const Contents& c, const std::string& coordinate) {
    if (!c.problem) return "";
    const SystemInfo& system = c.problem->coordinates;
    for (std::size_t i = 0; i < system.coordinates.size(); ++i)
        if (system.coordinates[i] == coordinate) return fmt::format("{}²", unit_of(system, i));
    return "";
}

// how the medians came out, in a sentence
std::string in_short(const Json& summary) {
    std::string medians;
    for (const auto& [coordinate, entry] : summary.at("mse").items())
        medians +=
            fmt::format("{}{} for {}", medians.empty() ? "" : " and ", short_number(entry.at("median")), coordinate);
    return fmt::format("Half of all random trajectories of {} s have a mean squared error below {}; {} of {} diverged.",
                       number(summary.at("t_end")), medians, number(summary.at("diverged")), all_trajectories(summary));
}

}  // namespace

std::string pairs_sentence(const Json& paired) {
    return fmt::format(
        "The second coordinate is the worse one in {} of {} trajectories (sign test over trajectories: p = "
        "{}).",
        paired.at("second_worse").is_null() ? "none" : percent(paired.at("second_worse")),
        number(paired.at("trajectories")), number(paired.at("p_value")));
}

static std::string models_sentence(const Json& all) {
    std::string text =
        "Trajectories of one model are not independent of each other, models are. The median over models of "
        "each one's median:";
    for (const auto& [coordinate, entry] : all.at("mse").items())
        text += fmt::format(" {} {} ({})", coordinate, number(entry.at("median")), interval(entry.at("ci95_median")));
    if (all.contains("paired"))
        text +=
            fmt::format("; the second coordinate is the worse one in {} of {} models (sign test over models: p = {})",
                        number(all.at("paired").at("second_worse")), number(all.at("paired").at("models")),
                        number(all.at("paired").at("p_value")));
    return text + ".";
}

std::string lead(const Contents& c) {
    if (!c.summary) return "";
    return paragraph(c.summary->contains("mse") ? in_short(*c.summary) : "No model survived training.", "lead");
}

Json key_results(const Contents& c) try {
    if (!c.summary || !c.summary->contains("mse")) return nullptr;
    const Json& summary = *c.summary;
    Json key = {{"median_mse", Json::object()}};
    for (const auto& [coordinate, entry] : summary.at("mse").items())
        key["median_mse"][coordinate] = entry.at("median");
    for (const char* name : {"valid_time", "energy_error"}) {
        const Json& quantiles = summary.at(name);
        key[std::string("median_") + name] = quantiles.is_null() ? Json() : quantiles.at("median");
    }
    key["t_end"] = summary.at("t_end");
    key["diverged"] = summary.at("diverged");
    key["trajectories"] = all_trajectories(summary);
    return key;
} catch (const Json::exception&) {  // results() says what is wrong
    return nullptr;
}

std::string tiles(const Contents& c) {
    const Json key = key_results(c);
    if (key.is_null()) return "";
    std::string html;
    const auto add = [&](const std::string& name, const Json& value, std::string_view after) {
        html += fmt::format("<div><dt>{}</dt><dd>{} <small>{}</small></dd></div>\n", escape(name),
                            escape(short_number(value)), after);
    };
    for (const auto& [coordinate, median] : key["median_mse"].items())
        add(coordinate + ": median squared error", median, unit_squared(c, coordinate));
    add("holds for, median", key["median_valid_time"], fmt::format("s of {}", number(key["t_end"])));
    add("energy error, median", key["median_energy_error"], "J");
    add("diverged", key["diverged"], fmt::format("of {}", number(key["trajectories"])));
    return fmt::format("<dl class=\"tiles\">\n{}</dl>\n", html);
}

std::string results(const Contents& c) {
    if (!c.summary) return paragraph(c.summary.reason, "absent");
    const Json& summary = *c.summary;
    std::string html = paragraph(
        fmt::format("Squared error of each unwrapped coordinate (rad² or m²), averaged over {} s at steps of {} s, "
                    "against "
                    "the true motion from the same random start. Few trajectories carry most of a mean: the median "
                    "and the quantiles say what is typical.",
                    number(summary.at("t_end")), number(summary.at("dt"))),
        "note");
    html += mse_table(summary);
    if (summary.contains("mse")) {
        if (summary.contains("paired")) html += paragraph(pairs_sentence(summary.at("paired")));
        if (summary.contains("over_models")) html += paragraph(models_sentence(summary.at("over_models")));
        html += "<h3>Energy and valid time</h3>\n" + quantile_table(summary);
        html += paragraph(
            "Energy error: how far the true energy at the end of the model's motion is from that of the "
            "truth. "
            "Valid time: how long every coordinate stays close to the truth (eval.valid_below). The twin is the true "
            "motion from a start 1e-6 off: no model of this accuracy is expected to hold for longer. Their distance "
            "grows by a factor "
            "of e in one Lyapunov time, the inverse of the exponent.",
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
    rows += row({"this run", text(own.at("mean")), text(own.at("median")), text(own.at(box ? "p95" : "worst"))});
    if (!box) {
        const Json& floor = result.at("integrator_floor");
        rows += row({"the integrator's own", text(floor.at("mean")), "", text(floor.at("worst"))});
    }
    for (const auto& [name, value] : published.items()) rows += row({"published: " + name, text(value), "", ""});
    const std::string note =
        box ? fmt::format(
                  "Sum of the absolute errors of the accelerations, {}, over {} fresh states; their mean "
                  "size is {}; not finite: {}.",
                  result.at("unit").get<std::string>(), number(result.at("states")), number(result.at("mean_size")),
                  number(result.at("non_finite")))
            : fmt::format(
                  "Energy error after {} s relative to the energy at rest ({} J), over {} starts nearly at "
                  "rest; "
                  "diverged: {}.",
                  number(result.at("t_end")), number(result.at("energy_scale")), number(result.at("starts")),
                  number(result.at("diverged")));
    return fmt::format("<div><h3>{}</h3>\n{}{}</div>\n", box ? "Accelerations in a box" : "Energy over a long time",
                       table(rows, "numbers"), paragraph(note, "note"));
}

}  // namespace lnn
