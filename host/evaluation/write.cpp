#include "evaluation/write.hpp"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "terminal/json_text.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

Json pair_of(const Interval& interval) { return {finite_or_null(interval.low), finite_or_null(interval.high)}; }

Json json_of(const Quantiles& q) {
    return {{"mean", finite_or_null(q.mean)},
            {"median", finite_or_null(q.median)},
            {"p05", finite_or_null(q.p05)},
            {"p95", finite_or_null(q.p95)},
            {"ci95_median", pair_of(q.of_median)}};
}

Json json_of(const std::optional<Quantiles>& q) { return q ? json_of(*q) : Json(nullptr); }

// "mse" begins as an object: of a null, lacking memory could make none
void add(Json& json, const TrajectorySummary& summary, const std::vector<std::string>& coordinates) {
    json["mse"] = Json::object();
    for (std::size_t i = 0; i < summary.mse.size(); ++i) {
        Json entry = json_of(summary.mse[i].all), means = Json::array();
        for (const double mean : summary.mse[i].means) means.push_back(finite_or_null(mean));
        entry["per_repeat_mean"] = means;
        json["mse"][coordinates[i]] = entry;
    }
    if (summary.paired)
        json["paired"] = {{"second_worse", finite_or_null(summary.paired->second_worse)},
                          {"trajectories", summary.paired->trajectories},
                          {"p_value", summary.paired->p_value}};
    json["energy_error"] = json_of(summary.energy_error);
    json["integrator_drift"] = json_of(summary.integrator_drift);
    json["valid_time"] = json_of(summary.valid_time);
    json["twin_valid_time"] = json_of(summary.twin_valid_time);
    json["lyapunov_exponent"] = json_of(summary.lyapunov_exponent);
    json["valid_time_lyapunov"] = json_of(summary.valid_time_lyapunov);
    json["diverged"] = summary.diverged;
}

Json json_of(const OverModels& over, const std::vector<std::string>& coordinates) {
    Json json = {{"mse", Json::object()}};
    for (std::size_t i = 0; i < over.mse.size(); ++i)
        json["mse"][coordinates[i]] = {{"median", finite_or_null(over.mse[i].median)},
                                       {"ci95_median", pair_of(over.mse[i].of_median)}};
    if (over.paired)
        json["paired"] = {{"second_worse", over.paired->second_worse},
                          {"models", over.paired->models},
                          {"p_value", over.paired->p_value}};
    return json;
}

Json json_of(std::span<const Published> published) {
    Json json = Json::object();
    for (const auto& [who, error] : published) json[who] = error;
    return json;
}

// four digits; "-" where it is not finite
std::string number(double x) { return std::isfinite(x) ? fmt::format("{:.4g}", x) : "-"; }

std::string range(const Interval& interval) {
    return fmt::format("{} .. {}", number(interval.low), number(interval.high));
}

std::string percent(double x) { return std::isfinite(x) ? fmt::format("{:.4f} %", 100 * x) : "-"; }

// the rows of one model, or of all pooled
std::string mse_rows(const TrajectorySummary& summary, const std::vector<std::string>& coordinates,
                     const std::string& label) {
    std::string text;
    for (std::size_t i = 0; i < summary.mse.size(); ++i) {
        const std::string& name = coordinates[i];
        const auto& [all, means] = summary.mse[i];
        text += fmt::format("{:<22}", label.empty() ? name : fmt::format("{} {}", label, name));
        for (const double mean : means) text += fmt::format(" {:>10}", number(mean));
        text += fmt::format(" {:>10} {:>22} {:>10} {:>10}\n", number(all.median), range(all.of_median), number(all.p05),
                            number(all.p95));
    }
    return text;
}

}  // namespace

Json to_json(const TrajectoryEvaluation& e) {
    Json json = {{"protocol", "trajectories"},
                 {"system", e.system},
                 {"trajectories", e.trajectories},
                 {"repeats", e.repeats},
                 {"models_evaluated", e.seeds.size()},
                 {"t_end", e.t_end},
                 {"dt", e.dt}};
    if (e.pooled) add(json, *e.pooled, e.coordinates);
    if (e.over_models) json["over_models"] = json_of(*e.over_models, e.coordinates);
    json["models"] = Json::array();
    for (const auto& [seed, summary] : e.models) {
        Json model = {{"seed", seed}, {"failed", !summary}};
        if (summary) add(model, *summary, e.coordinates);
        json["models"].push_back(model);
    }
    return json;
}

std::string table_of(const TrajectoryEvaluation& e) {
    std::string text =
        fmt::format("MSE over {} random trajectories of {} s, computed {} times, {} model{}\n", e.trajectories,
                    Json(e.t_end).dump(), e.repeats, e.seeds.size(), e.seeds.size() == 1 ? "" : "s");
    if (!e.pooled) return text + "no model survived training\n";
    text += fmt::format("{:<22}", "");
    for (std::int64_t r = 0; r < e.repeats; ++r) text += fmt::format(" {:>10}", fmt::format("mean {}", r + 1));
    text += fmt::format(" {:>10} {:>22} {:>10} {:>10}\n", "median", "95 % interval", "5 %", "95 %");
    const bool several = e.models.size() > 1;
    if (several)
        for (const auto& [seed, summary] : e.models) {
            const std::string label = fmt::format("seed {}", seed);
            text +=
                summary ? mse_rows(*summary, e.coordinates, label) : fmt::format("{:<22}failed in training\n", label);
        }
    const TrajectorySummary& all = *e.pooled;
    text += mse_rows(all, e.coordinates, several ? "all" : "");
    if (all.paired)
        text += fmt::format(
            "the second coordinate is worse in {} of {} trajectories (sign test over trajectories: p = {})\n",
            std::isfinite(all.paired->second_worse) ? fmt::format("{:.1f} %", 100 * all.paired->second_worse) : "-",
            all.paired->trajectories, number(all.paired->p_value));
    if (e.over_models) {
        text += "over models, which are independent where their trajectories are not, the median of the medians:";
        for (std::size_t i = 0; i < e.over_models->mse.size(); ++i)
            text += fmt::format(" {} {} ({})", e.coordinates[i], number(e.over_models->mse[i].median),
                                range(e.over_models->mse[i].of_median));
        text += "\n";
        if (const auto& paired = e.over_models->paired)
            text += fmt::format("the second coordinate is worse in {} of {} models (sign test over models: p = {})\n",
                                paired->second_worse, paired->models, number(paired->p_value));
    }
    text +=
        fmt::format("energy error: median {} J, 95 % below {} J (the integrator's own: {} J)\n",
                    number(all.energy_error.median), number(all.energy_error.p95), number(all.integrator_drift.median));
    text += fmt::format(
        "valid for {} s (median{}); a twin of the truth, started {:g} off: {} s; diverged: {}\n",
        number(all.valid_time.median),
        all.valid_time_lyapunov ? fmt::format("; {} Lyapunov times", number(all.valid_time_lyapunov->median)) : "",
        twin_offset, number(all.twin_valid_time.median), all.diverged);
    return text;
}

Json to_json(const BoxEvaluation& e) {
    return {{"protocol", "box"},          {"system", e.system},
            {"states", e.states},         {"unit", "rad/s^2"},
            {"l1", json_of(e.l1)},        {"mean_size", e.mean_size},
            {"non_finite", e.non_finite}, {"published", json_of(published_box)}};
}

std::string table_of(const BoxEvaluation& e) {
    return fmt::format(
        "box, {} fresh states: L1 {} (median {}, 95 % below {}); mean |a| {:.4g}; published LNN {}\n"
        "non-finite: {}\n",
        e.states, number(e.l1.mean), number(e.l1.median), number(e.l1.p95), e.mean_size, published_box[0].error,
        e.non_finite);
}

Json to_json(const EnergyEvaluation& e) {
    return {
        {"protocol", "energy"},
        {"system", e.system},
        {"starts", e.starts},
        {"t_end", energy_run.dt * double(energy_run.instants)},
        {"dt", energy_run.dt / energy_run.substeps},
        {"energy_scale", e.scale},
        {"relative_error",
         {{"mean", finite_or_null(e.mean)}, {"median", finite_or_null(e.median)}, {"worst", finite_or_null(e.worst)}}},
        {"integrator_floor", {{"mean", e.floor_mean}, {"worst", e.floor_worst}}},
        {"diverged", e.diverged},
        {"published", json_of(published_energy)}};
}

std::string table_of(const EnergyEvaluation& e) {
    return fmt::format(
        "energy, {} starts, 100 s: mean {}, median {}, worst {} (the integrator's own: {:.4f} %); published LNN {:g} "
        "%\n"
        "diverged: {}\n",
        e.starts, percent(e.mean), percent(e.median), percent(e.worst), 100 * e.floor_mean,
        100 * published_energy[0].error, e.diverged);
}

Json to_json(const LinksEvaluation& e) {
    Json published = Json::object();
    for (const Published& figure : published_links(e)) published[figure.who] = figure.error;
    return {{"protocol", "links"},
            {"system", e.system},
            {"m", e.masses},
            {"l", e.lengths},
            {"g", e.gravity},
            {"starts", e.starts},
            {"t_end", links_run.dt * double(links_run.instants)},
            {"dt", links_run.dt},
            {"relative_error", {{"geometric_mean", e.geometric_mean}, {"median", e.median}, {"worst", e.worst}}},
            {"diverged", e.diverged},
            {"trained_on", "states and accelerations"},
            {"published_trained_on", "roll-outs, without accelerations"},
            {"published", published}};
}

std::string table_of(const LinksEvaluation& e) {
    std::string published;
    for (const Published& figure : published_links(e)) published += fmt::format(", {} {:g}", figure.who, figure.error);
    return fmt::format(
        "links, {} starts, 3 s, g = {}: relative error {:.3g} (geometric mean; median start {:.3g}, worst {:.3g}); "
        "diverged: {}\n"
        "trained on accelerations; published, with g = 1 and trained on roll-outs without them{}\n",
        e.starts, Json(e.gravity).dump(), e.geometric_mean, e.median, e.worst, e.diverged,
        published.empty() ? ": none" : ":" + published.substr(1));
}

namespace {

// of accelerations, by coordinate
Json errors_of(const std::vector<MeasuredErrors>& accelerations, const std::vector<std::string>& coordinates) {
    Json errors = Json::object();
    for (std::size_t i = 0; i < accelerations.size(); ++i)
        errors[coordinates[i]] = {{"normalised_error", finite_or_null(accelerations[i].normalised)},
                                  {"predict_the_mean", finite_or_null(accelerations[i].predict_the_mean)},
                                  {"rms_error", finite_or_null(accelerations[i].rms)},
                                  {"deviation", accelerations[i].deviation}};
    return errors;
}

}  // namespace

Json to_json(const MeasuredEvaluation& e) {
    Json models = Json::array();
    for (const MeasuredModel& m : e.models) {
        Json model = {{"seed", m.seed}, {"failed", m.failed}};
        if (!m.failed) model["accelerations"] = errors_of(m.accelerations, e.coordinates);
        if (m.rollout)
            model["rollout"] = {
                {"from", m.rollout->from}, {"length", m.rollout->length}, {"valid_time", m.rollout->valid_time}};
        if (m.segments)
            model["segments"] = {{"count", m.segments->count},
                                 {"valid_to_the_end", m.segments->valid_to_the_end},
                                 {"median_valid_time", m.segments->median_valid_time},
                                 {"median_length", m.segments->median_length}};
        if (!m.damping.empty()) model["damping"] = m.damping;
        models.push_back(model);
    }
    Json json = {{"protocol", "measured"},
                 {"file", e.file},
                 {"training_samples", e.training_samples},
                 {"held_out_samples", e.held_out_samples},
                 {"valid_below", e.valid_below},
                 {"models", models}};
    if (!e.median.empty()) json["median"]["accelerations"] = errors_of(e.median, e.coordinates);
    return json;
}

std::string table_of(const MeasuredEvaluation& e) {
    std::string text =
        fmt::format("accelerations of {} held-out samples ({} to learn from), error over their deviation\n",
                    e.held_out_samples, e.training_samples);
    text += fmt::format("{:<22}{:>12}{:>20}\n", "", "model", "predict the mean");
    const auto rows = [&](const std::string& label, const std::vector<MeasuredErrors>& accelerations) {
        for (std::size_t i = 0; i < accelerations.size(); ++i)
            text += fmt::format("{:<22}{:>12}{:>20}\n", label + e.coordinates[i], number(accelerations[i].normalised),
                                number(accelerations[i].predict_the_mean));
    };
    for (const MeasuredModel& model : e.models) {
        const std::string label = e.models.size() > 1 ? fmt::format("seed {} ", model.seed) : "";
        if (model.failed) {
            text += fmt::format("{:<22}failed in training\n", label);
            continue;
        }
        rows(label, model.accelerations);
        if (model.rollout)
            text += fmt::format(
                "{}roll-out from the first held-out state, t = {} s: valid for {} s of {} s\n"
                "{}segments between gaps: {} of {} valid to the end (median {} s of {} s)\n",
                label, number(model.rollout->from), number(model.rollout->valid_time), number(model.rollout->length),
                label, model.segments->valid_to_the_end, model.segments->count,
                number(model.segments->median_valid_time), number(model.segments->median_length));
        else
            text += fmt::format("{}no roll-outs: the held-out samples are no motion with rising times\n", label);
    }
    rows("median of models ", e.median);
    return text;
}

}  // namespace lnn
