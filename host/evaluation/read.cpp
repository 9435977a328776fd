#include "evaluation/read.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "files/json.hpp"

namespace lnn {

namespace {

// f(the whole), which lives as long as f runs
template <class F>
auto with_json(std::string_view text, const std::string& where, F f) {
    const std::string mend = "evaluate the run again";
    const nlohmann::ordered_json json = parse_json(text, where, mend);
    return f(JsonField(json, where, mend));
}

double number(const JsonField& field) { return field.is_null() ? NAN : field.number(); }

Interval interval(const JsonField& field) {
    const auto ends = field.items(2);
    return {number(ends[0]), number(ends[1])};
}

Quantiles quantiles(const JsonField& field) {
    return {number(field.at("mean")), number(field.at("median")), number(field.at("p05")), number(field.at("p95")),
            interval(field.at("ci95_median"))};
}

std::optional<Quantiles> quantiles_if_any(const JsonField& field) {
    if (field.is_null()) return std::nullopt;
    return quantiles(field);
}

TrajectorySummary trajectory_summary(const JsonField& field, const TrajectoryEvaluation& e) {
    TrajectorySummary summary;
    for (const std::string& coordinate : e.coordinates) {
        const JsonField entry = field.at("mse").at(coordinate);
        std::vector<double> means;
        for (const JsonField& mean : entry.at("per_repeat_mean").items(std::size_t(e.repeats)))
            means.push_back(number(mean));
        summary.mse.push_back({quantiles(entry), std::move(means)});
    }
    if (const auto paired = field.find("paired"))
        summary.paired = {number(paired->at("second_worse")), paired->at("trajectories").count(),
                          number(paired->at("p_value"))};
    summary.energy_error = quantiles(field.at("energy_error"));
    summary.integrator_drift = quantiles(field.at("integrator_drift"));
    summary.valid_time = quantiles(field.at("valid_time"));
    summary.twin_valid_time = quantiles(field.at("twin_valid_time"));
    summary.lyapunov_exponent = quantiles_if_any(field.at("lyapunov_exponent"));
    summary.valid_time_lyapunov = quantiles_if_any(field.at("valid_time_lyapunov"));
    summary.diverged = field.at("diverged").count();
    return summary;
}

OverModels over_models(const JsonField& field, const std::vector<std::string>& coordinates) {
    OverModels over;
    for (const std::string& coordinate : coordinates) {
        const JsonField entry = field.at("mse").at(coordinate);
        over.mse.push_back({number(entry.at("median")), interval(entry.at("ci95_median"))});
    }
    if (const auto paired = field.find("paired"))
        over.paired = {paired->at("second_worse").count(), paired->at("models").count(), number(paired->at("p_value"))};
    return over;
}

std::vector<MeasuredErrors> measured_errors(const JsonField& accelerations,
                                            const std::vector<std::string>& coordinates) {
    std::vector<MeasuredErrors> all;
    for (const std::string& coordinate : coordinates) {
        const JsonField errors = accelerations.at(coordinate);
        all.push_back({number(errors.at("normalised_error")), number(errors.at("predict_the_mean")),
                       number(errors.at("rms_error")), errors.at("deviation").number()});
    }
    return all;
}

MeasuredModel measured_model(const JsonField& field, std::vector<std::string>& coordinates) {
    MeasuredModel model;
    model.seed = field.at("seed").unsigned_integer();
    if ((model.failed = field.at("failed").flag())) return model;
    const JsonField accelerations = field.at("accelerations");
    if (coordinates.empty()) coordinates = accelerations.keys();
    model.accelerations = measured_errors(accelerations, coordinates);
    if (const auto rollout = field.find("rollout")) {
        model.rollout = {number(rollout->at("from")), number(rollout->at("length")), number(rollout->at("valid_time"))};
        const JsonField segments = field.at("segments");
        model.segments = {segments.at("count").count(), segments.at("valid_to_the_end").count(),
                          number(segments.at("median_valid_time")), number(segments.at("median_length"))};
    }
    if (const auto damping = field.find("damping"))
        for (const JsonField& line : damping->items()) {
            model.damping.emplace_back();
            for (const JsonField& x : line.items()) model.damping.back().push_back(number(x));
        }
    return model;
}

BoxEvaluation box_evaluation(const JsonField& field) {
    return {field.at("system").text(),     field.at("states").count(),     quantiles(field.at("l1")),
            number(field.at("mean_size")), field.at("non_finite").count(), {}};
}

EnergyEvaluation energy_evaluation(const JsonField& field) {
    const JsonField error = field.at("relative_error"), floor = field.at("integrator_floor");
    return {field.at("system").text(),        field.at("starts").count(),
            number(field.at("energy_scale")), number(error.at("mean")),
            number(error.at("median")),       number(error.at("worst")),
            number(floor.at("mean")),         number(floor.at("worst")),
            field.at("diverged").count(),     {}};
}

template <class Evaluation>
std::vector<Evaluation> one_or_several(const JsonField& field, Evaluation (*read)(const JsonField&)) {
    const auto models = field.find("models");
    if (!models) return {read(field)};
    std::vector<Evaluation> evaluations;
    for (const JsonField& model : models->items()) {
        evaluations.push_back(read(model));
        evaluations.back().seed = model.at("seed").unsigned_integer();
    }
    if (evaluations.empty()) models->refuse("a list with an entry for each model");
    return evaluations;
}

}  // namespace

TrajectoryEvaluation read_trajectory_evaluation(std::string_view text, const std::string& where) {
    return with_json(text, where, [](const JsonField& field) {
        TrajectoryEvaluation e;
        e.system = field.at("system").text();
        e.trajectories = field.at("trajectories").integer(1, most_trajectories);
        e.repeats = field.at("repeats").integer(1, most_repeats);
        e.t_end = field.at("t_end").number();
        e.dt = field.at("dt").number();
        if (const auto mse = field.find("mse")) {
            e.coordinates = mse->keys();
            if (e.coordinates.empty()) mse->refuse("an object with an entry for each coordinate");
            e.pooled = trajectory_summary(field, e);
        }
        if (const auto over = field.find("over_models")) e.over_models = over_models(*over, e.coordinates);
        for (const JsonField& model : field.at("models").items()) {
            e.models.push_back({model.at("seed").unsigned_integer(), {}});
            if (model.at("failed").flag()) continue;
            e.seeds.push_back(e.models.back().seed);
            e.models.back().summary = trajectory_summary(model, e);
        }
        return e;
    });
}

MeasuredEvaluation read_measured_evaluation(std::string_view text, const std::string& where) {
    return with_json(text, where, [](const JsonField& field) {
        MeasuredEvaluation e;
        e.file = field.at("file").text();
        e.training_samples = std::size_t(field.at("training_samples").count());
        e.held_out_samples = std::size_t(field.at("held_out_samples").count());
        e.valid_below = field.at("valid_below").number();
        for (const JsonField& model : field.at("models").items())
            e.models.push_back(measured_model(model, e.coordinates));
        if (const auto median = field.find("median"))
            e.median = measured_errors(median->at("accelerations"), e.coordinates);
        return e;
    });
}

std::vector<BoxEvaluation> read_box_evaluations(std::string_view text, const std::string& where) {
    return with_json(text, where, [](const JsonField& field) { return one_or_several(field, box_evaluation); });
}

std::vector<EnergyEvaluation> read_energy_evaluations(std::string_view text, const std::string& where) {
    return with_json(text, where, [](const JsonField& field) { return one_or_several(field, energy_evaluation); });
}

}  // namespace lnn
