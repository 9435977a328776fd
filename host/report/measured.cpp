// What a run on a measured file shows: eval/measured.json in words and tables, eval/rollouts.csv as motions.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "lnn/error.hpp"
#include "problem/problem.hpp"
#include "report/contents.hpp"
#include "report/html.hpp"
#include "report/number_table.hpp"
#include "report/sections.hpp"

namespace lnn {

namespace {

// the first that did not fail; null where all did
const MeasuredModel* first_model(const MeasuredEvaluation& e) {
    const auto found = std::find_if(e.models.begin(), e.models.end(), [](const auto& model) { return !model.failed; });
    return found == e.models.end() ? nullptr : &*found;
}

// of its deviation, or as it is where there is none
std::string error_of(const MeasuredErrors& errors) {
    return errors.deviation == 0 ? number(errors.rms) : percent(errors.normalised);
}

std::string friction(const std::vector<std::vector<double>>& damping, const std::vector<std::string>& coordinates) {
    std::vector<std::string> names = {""};
    names.insert(names.end(), coordinates.begin(), coordinates.end());
    std::string matrix = heading_row(names);
    for (std::size_t i = 0; i < std::min(damping.size(), coordinates.size()); ++i) {
        std::vector<std::string> cells = {coordinates[i]};
        for (const double x : damping[i]) cells.push_back(number(x));
        matrix += row(cells);
    }
    return "<h3>Learned friction</h3>\n" + table(matrix, "numbers") +
           paragraph("D of the forces −D v, in the units of the learned Lagrangian, which is known up to a factor.",
                     "note");
}

}  // namespace

std::string measured_lead(const MeasuredEvaluation& e) {
    const MeasuredModel* const model = first_model(e);
    if (!model) return paragraph("No model survived training.", "lead");
    std::string errors;
    for (std::size_t i = 0; i < e.coordinates.size(); ++i)
        errors += fmt::format("{}{} for {}", errors.empty() ? "" : " and ", error_of(model->accelerations[i]),
                              e.coordinates[i]);
    std::string text =
        fmt::format("On {} samples that training did not see, the accelerations are off by {} of their deviation.",
                    e.held_out_samples, errors);
    if (model->rollout)
        text += fmt::format(" A roll-out from the first held-out state holds for {} s of {} s.",
                            number(model->rollout->valid_time), number(model->rollout->length));
    return paragraph(text, "lead");
}

std::string measured_tiles(const MeasuredEvaluation& e) {
    const MeasuredModel* const model = first_model(e);
    if (!model) return "";
    std::string html;
    const auto add = [&](const std::string& name, const std::string& value, const std::string& after) {
        html += fmt::format("<div><dt>{}</dt><dd>{} <small>{}</small></dd></div>\n", escape(name), value, after);
    };
    for (std::size_t i = 0; i < e.coordinates.size(); ++i) {
        const MeasuredErrors& errors = model->accelerations[i];
        add(e.coordinates[i] + ": error of the accelerations", error_of(errors),
            errors.deviation == 0 ? "" : "of their deviation");
    }
    if (model->rollout) {
        add("holds for", number(model->rollout->valid_time), fmt::format("s of {}", number(model->rollout->length)));
        add("segments that hold", fmt::to_string(model->segments->valid_to_the_end),
            fmt::format("of {}", model->segments->count));
    }
    return fmt::format("<dl class=\"tiles\">\n{}</dl>\n", html);
}

std::string measured_results(const MeasuredEvaluation& e) {
    std::string html = paragraph(
        fmt::format("{} samples to learn from, {} held out. Root mean square error of the accelerations, in "
                    "units of the deviation of the held-out ones; the mean of the training data predicts about 1.",
                    e.training_samples, e.held_out_samples),
        "note");
    std::string rows = heading_row({"", "error / deviation", "predicting the mean", "rms error", "deviation"});
    std::string rollouts =
        heading_row({"", "holds for, s", "of, s", "segments that hold", "median time, s", "median length, s"});
    bool any = false;
    const bool several = e.models.size() > 1;
    const auto errors_rows = [&](const std::string& label, const std::vector<MeasuredErrors>& accelerations) {
        for (std::size_t i = 0; i < accelerations.size(); ++i)
            rows += row({label + e.coordinates[i], number(accelerations[i].normalised),
                         number(accelerations[i].predict_the_mean), number(accelerations[i].rms),
                         number(accelerations[i].deviation)});
    };
    for (const MeasuredModel& model : e.models) {
        const std::string seed = fmt::format("seed {}", model.seed);
        if (model.failed) {
            rows += row({seed + ": failed in training", "", "", "", ""});
            continue;
        }
        errors_rows(several ? seed + " " : "", model.accelerations);
        if (!model.rollout) continue;
        any = true;
        rollouts += row({several ? seed : "from the first held-out state", number(model.rollout->valid_time),
                         number(model.rollout->length),
                         fmt::format("{} of {}", model.segments->valid_to_the_end, model.segments->count),
                         number(model.segments->median_valid_time), number(model.segments->median_length)});
    }
    errors_rows("median of the models, ", e.median);
    html += table(rows, "numbers");
    if (any)
        html +=
            "<h3>Roll-outs against the measurement</h3>\n" + table(rollouts, "numbers") +
            paragraph(
                fmt::format("Predicted from a measured state; it holds until a coordinate is further than {} from the "
                            "measurement (angles: up to whole turns). Segments lie between gaps of the recording.",
                            number(e.valid_below)),
                "note");
    const MeasuredModel* const model = first_model(e);
    return model && !model->damping.empty() ? html + friction(model->damping, e.coordinates) : html;
}

// motion, segment (0: the whole motion), t, then coordinates and velocities, measured and predicted
Motions read_rollouts(const std::filesystem::path& path, const SystemInfo& coordinates) {
    const std::size_t rows = 2 * std::size_t(coordinates.dof);
    const NumberTable table = read_number_table(path);
    if (table.names.size() != 3 + 2 * rows)
        throw Error(Exit::file, fmt::format("{}:1: {} columns, not {}; evaluate the run again", path.string(),
                                            table.names.size(), 3 + 2 * rows));
    Motions motions{coordinates.coordinates, {}, {}, "measured"};
    for (int i = 0; i < coordinates.dof; ++i) motions.units.push_back(unit_of(coordinates, i));
    constexpr std::size_t most = 24;  // to choose from
    double start = 0;
    for (std::size_t row = 0; row < table.columns[0].size(); ++row) {
        const auto at = [&](std::size_t column) { return table.columns[column][row]; };
        if (row == 0 || at(0) != table.columns[0][row - 1] || at(1) != table.columns[1][row - 1]) {
            if (motions.all.size() == most) break;
            start = at(2);
            const std::string what =
                at(1) > 0 ? fmt::format("segment {:g}", at(1)) : std::string("all that was held out");
            motions.all.push_back({fmt::format("{}, from {:.4g} s", what, start), {}, {}});
            for (Path path_of : {truth, model}) motions.all.back().along[path_of].assign(rows, {});
        }
        Motion& motion = motions.all.back();
        motion.instants.push_back(at(2) - start);
        for (Path path_of : {truth, model})
            for (std::size_t i = 0; i < rows; ++i) motion.along[path_of][i].push_back(at(3 + path_of * rows + i));
    }
    return motions;
}

}  // namespace lnn
