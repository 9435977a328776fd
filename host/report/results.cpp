#include <cmath>

#include <fmt/format.h>

#include "problem/problem.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"

namespace lnn {

namespace {

std::string interval(const Interval& ends) {
    return std::isfinite(ends.low) || std::isfinite(ends.high)
               ? fmt::format("{} .. {}", number(ends.low), number(ends.high))
               : "not finite";
}

// the rows of one model, or of all pooled
std::string mse_rows(const TrajectorySummary& summary, const std::vector<std::string>& coordinates,
                     const std::string& label, std::string_view style) {
    std::string rows;
    for (std::size_t i = 0; i < coordinates.size(); ++i) {
        const auto& [all, means] = summary.mse[i];
        std::vector<std::string> cells = {label.empty() ? coordinates[i] : fmt::format("{} {}", label, coordinates[i])};
        for (const double mean : means) cells.push_back(number(mean));
        for (const std::string& cell : {number(all.median), interval(all.of_median), number(all.p05), number(all.p95),
                                        fmt::to_string(summary.diverged)})
            cells.push_back(cell);
        rows += row(cells, style);
    }
    return rows;
}

std::string mse_table(const TrajectoryEvaluation& e) {
    std::string rows = fmt::format(
        "<thead><tr><th></th><th scope=\"colgroup\" colspan=\"{0}\">mean over {1} trajectories, computed {0} "
        "times</th>"
        "<th scope=\"colgroup\" colspan=\"4\">over all trajectories</th><th></th></tr>\n",
        e.repeats, e.trajectories);
    std::vector<std::string> names = {"squared error"};
    for (std::int64_t r = 1; r <= e.repeats; ++r) names.push_back(fmt::format("mean {}", r));
    for (const char* name : {"median", "its 95 % interval", "5 % below", "95 % below", "diverged"})
        names.push_back(name);
    rows += heading_row(names).substr(std::string_view("<thead>").size());
    const bool several = e.models.size() > 1;
    if (several)
        for (const auto& [seed, summary] : e.models) {
            const std::string label = fmt::format("seed {}", seed);
            rows += summary
                        ? mse_rows(*summary, e.coordinates, label, "")
                        : fmt::format("<tr><th scope=\"row\">{}</th><td colspan=\"{}\">failed in training</td></tr>\n",
                                      label, e.repeats + 5);
        }
    if (e.pooled) rows += mse_rows(*e.pooled, e.coordinates, several ? "all" : "", several ? "pooled" : "");
    return table(rows, "numbers");
}

std::string quantile_row(const char* label, const std::optional<Quantiles>& q) {
    if (!q) return row({label, "-", "-", "-", "-", "-"});
    return row({label, number(q->mean), number(q->median), interval(q->of_median), number(q->p05), number(q->p95)});
}

std::string quantile_table(const TrajectorySummary& summary) {
    return table(
        heading_row({"", "mean", "median", "its 95 % interval", "5 % below", "95 % below"}) +
            quantile_row("energy error at the end, J", summary.energy_error) +
            quantile_row("the integrator's own, J", summary.integrator_drift) +
            quantile_row("valid time, s", summary.valid_time) +
            quantile_row("the same of a twin of the truth, s", summary.twin_valid_time) +
            quantile_row("valid time, Lyapunov times", summary.valid_time_lyapunov) +
            quantile_row("Lyapunov exponent of the truth, until its twin parts, 1/s", summary.lyapunov_exponent),
        "numbers");
}

// three digits; large and small numbers with their power of ten
std::string short_number(double value) {
    if (!std::isfinite(value)) return number(value);
    const double size = std::abs(value);
    if (size == 0 || (size >= 1e-3 && size < 1e6)) return fmt::format("{:.3g}", value);
    constexpr const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    const std::string text = fmt::format("{:.2e}", value);
    const std::size_t e = text.find('e');
    std::string power;
    for (const char c : fmt::to_string(std::stoi(text.substr(e + 1)))) power += c == '-' ? "⁻" : digits[c - '0'];
    return fmt::format("{} × 10{}", text.substr(0, e), power);
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
std::string in_short(const TrajectoryEvaluation& e) {
    std::string medians;
    for (std::size_t i = 0; i < e.coordinates.size(); ++i)
        medians += fmt::format("{}{} for {}", medians.empty() ? "" : " and ", short_number(e.pooled->mse[i].all.median),
                               e.coordinates[i]);
    return fmt::format("Half of all random trajectories of {} s have a mean squared error below {}; {} of {} diverged.",
                       number(e.t_end), medians, e.pooled->diverged, e.evaluated());
}

std::string models_sentence(const OverModels& over, const std::vector<std::string>& coordinates) {
    std::string text =
        "Trajectories of one model are not independent of each other, models are. The median over models of "
        "each one's median:";
    for (std::size_t i = 0; i < coordinates.size(); ++i)
        text += fmt::format(" {} {} ({})", coordinates[i], number(over.mse[i].median), interval(over.mse[i].of_median));
    if (over.paired)
        text +=
            fmt::format("; the second coordinate is the worse one in {} of {} models (sign test over models: p = {})",
                        over.paired->second_worse, over.paired->models, number(over.paired->p_value));
    return text + ".";
}

std::string label_of(const std::optional<std::uint64_t>& seed) {
    return seed ? fmt::format("seed {}", *seed) : "this run";
}

template <class Evaluation>
std::int64_t sum_of(const std::vector<Evaluation>& models, std::int64_t Evaluation::*count) {
    std::int64_t sum = 0;
    for (const Evaluation& e : models) sum += e.*count;
    return sum;
}

std::string protocol_card(const char* name, std::string rows, std::span<const Published> published,
                          std::string (*text)(double), const std::string& note) {
    for (const auto& [who, error] : published) rows += row({fmt::format("published: {}", who), text(error), "", ""});
    return fmt::format("<div><h3>{}</h3>\n{}{}</div>\n", name, table(rows, "numbers"), paragraph(note, "note"));
}

}  // namespace

std::string pairs_sentence(const TrajectorySummary::Paired& paired) {
    return fmt::format(
        "The second coordinate is the worse one in {} of {} trajectories (sign test over trajectories: p = "
        "{}).",
        std::isnan(paired.second_worse) ? "none" : percent(paired.second_worse), paired.trajectories,
        number(paired.p_value));
}

std::string lead(const Contents& c) {
    if (!c.summary) return "";
    return paragraph(c.summary->pooled ? in_short(*c.summary) : "No model survived training.", "lead");
}

std::string tiles(const Contents& c) {
    if (!c.summary || !c.summary->pooled) return "";
    const TrajectorySummary& summary = *c.summary->pooled;
    std::string html;
    const auto add = [&](const std::string& name, const std::string& value, const std::string& after) {
        html += fmt::format("<div><dt>{}</dt><dd>{} <small>{}</small></dd></div>\n", escape(name), value, after);
    };
    for (std::size_t i = 0; i < summary.mse.size(); ++i) {
        const std::string& coordinate = c.summary->coordinates[i];
        add(coordinate + ": median squared error", short_number(summary.mse[i].all.median),
            unit_squared(c, coordinate));
    }
    add("holds for, median", short_number(summary.valid_time.median), fmt::format("s of {}", number(c.summary->t_end)));
    add("energy error, median", short_number(summary.energy_error.median), "J");
    add("diverged", fmt::to_string(summary.diverged), fmt::format("of {}", c.summary->evaluated()));
    return fmt::format("<dl class=\"tiles\">\n{}</dl>\n", html);
}

std::string results(const Contents& c) {
    if (!c.summary) return paragraph(c.summary.reason, "absent");
    const TrajectoryEvaluation& e = *c.summary;
    std::string html = paragraph(
        fmt::format("Squared error of each unwrapped coordinate (rad² or m²), averaged over {} s at steps of {} s, "
                    "against "
                    "the true motion from the same random start. Few trajectories carry most of a mean: the median "
                    "and the quantiles say what is typical.",
                    number(e.t_end), number(e.dt)),
        "note");
    html += mse_table(e);
    if (!e.pooled) return html;
    if (e.pooled->paired) html += paragraph(pairs_sentence(*e.pooled->paired));
    if (e.over_models) html += paragraph(models_sentence(*e.over_models, e.coordinates));
    html += "<h3>Energy and valid time</h3>\n" + quantile_table(*e.pooled);
    html += paragraph(
        "Energy error: how far the true energy at the end of the model's motion is from that of the "
        "truth. "
        "Valid time: how long every coordinate stays close to the truth (eval.valid_below). The twin is the true "
        "motion from a start 1e-6 off: no model of this accuracy is expected to hold for longer. Their distance "
        "grows by a factor "
        "of e in one Lyapunov time, the inverse of the exponent.",
        "note");
    return html;
}

std::string protocol(const std::vector<BoxEvaluation>& models) {
    std::string rows = heading_row({"", "mean", "median", "95 % below"});
    for (const BoxEvaluation& e : models)
        rows += row({label_of(e.seed), number(e.l1.mean), number(e.l1.median), number(e.l1.p95)});
    std::string note = fmt::format(
        "Sum of the absolute errors of the accelerations, rad/s^2, over {} fresh states; their mean size is {}; "
        "not finite: {}.",
        models[0].states, number(models[0].mean_size), sum_of(models, &BoxEvaluation::non_finite));
    return protocol_card("Accelerations in a box", rows, published_box, number, note);
}

std::string protocol(const std::vector<EnergyEvaluation>& models) {
    std::string rows = heading_row({"", "mean", "median", "worst"});
    for (const EnergyEvaluation& e : models)
        rows += row({label_of(e.seed), percent(e.mean), percent(e.median), percent(e.worst)});
    const EnergyEvaluation& first = models[0];
    rows += row({"the integrator's own", percent(first.floor_mean), "", percent(first.floor_worst)});
    std::string note = fmt::format(
        "Energy error after {} s relative to the energy at rest ({} J), over {} starts nearly at rest; diverged: {}.",
        number(energy_run.dt * double(energy_run.instants)), number(first.scale), first.starts,
        sum_of(models, &EnergyEvaluation::diverged));
    return protocol_card("Energy over a long time", rows, published_energy, percent, note);
}

}  // namespace lnn
