// What a run on a measured file shows: eval/measured.json in words and tables, eval/rollouts.csv as motions.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lnn/error.hpp"
#include "problem/problem.hpp"
#include "report/contents.hpp"
#include "report/html.hpp"
#include "report/number_table.hpp"
#include "report/sections.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

std::string percent(const Json& share) {
    return share.is_number() ? fmt::format("{:.3g} %", 100 * share.get<double>()) : number(share);
}

// the first that did not fail; null where all did
Json first_model(const Json& measured) {
    for (const Json& model : measured.at("models"))
        if (!model.at("failed").get<bool>()) return model;
    return nullptr;
}

// of its deviation, or as it is where there is none
std::string error_of(const Json& entry) {
    return entry.at("deviation") == 0 ? number(entry.at("rms_error")) : percent(entry.at("normalised_error"));
}

std::string sentence(const Json& rollout) {
    return fmt::format("A roll-out from the first held-out state holds for {} s of {} s.",
                       number(rollout.at("valid_time")), number(rollout.at("length")));
}

}  // namespace

std::string measured_lead(const Contents& c) {
    const Json model = first_model(*c.measured);
    if (model.is_null()) return paragraph("No model survived training.", "lead");
    std::string errors;
    for (const auto& [name, entry] : model.at("accelerations").items())
        errors += fmt::format("{}{} for {}", errors.empty() ? "" : " and ", error_of(entry), name);
    std::string text =
        fmt::format("On {} samples that training did not see, the accelerations are off by {} of their deviation.",
                    number(c.measured->at("held_out_samples")), errors);
    if (model.contains("rollout")) text += " " + sentence(model.at("rollout"));
    return paragraph(text, "lead");
}

std::string measured_tiles(const Contents& c) {
    const Json model = first_model(*c.measured);
    if (model.is_null()) return "";
    std::string html;
    const auto add = [&](const std::string& name, const std::string& value, const std::string& after) {
        html += fmt::format("<div><dt>{}</dt><dd>{} <small>{}</small></dd></div>\n", escape(name), escape(value),
                            escape(after));
    };
    for (const auto& [name, entry] : model.at("accelerations").items())
        add(name + ": error of the accelerations", error_of(entry),
            entry.at("deviation") == 0 ? "" : "of their deviation");
    if (model.contains("rollout")) {
        add("holds for", number(model.at("rollout").at("valid_time")),
            fmt::format("s of {}", number(model.at("rollout").at("length"))));
        add("segments that hold", number(model.at("segments").at("valid_to_the_end")),
            fmt::format("of {}", number(model.at("segments").at("count"))));
    }
    return fmt::format("<dl class=\"tiles\">\n{}</dl>\n", html);
}

std::string measured_results(const Contents& c) {
    const Json& measured = *c.measured;
    std::string html = paragraph(
        fmt::format(
            "{} samples to learn from, the {} after them held out. Root mean square error of the accelerations, in "
            "units of the deviation of the held-out ones; the mean of the training data predicts about 1.",
            number(measured.at("training_samples")), number(measured.at("held_out_samples"))),
        "note");
    std::string rows = heading_row({"", "error / deviation", "predicting the mean", "rms error", "deviation"});
    std::string rollouts =
        heading_row({"", "holds for, s", "of, s", "segments that hold", "median time, s", "median length, s"});
    bool any = false;
    const bool several = measured.at("models").size() > 1;
    for (const Json& model : measured.at("models")) {
        const std::string seed = fmt::format("seed {}", number(model.at("seed")));
        if (model.at("failed").get<bool>()) {
            rows += row({seed + ": failed in training", "", "", "", ""});
            continue;
        }
        for (const auto& [name, entry] : model.at("accelerations").items())
            rows += row({several ? seed + " " + name : name, number(entry.at("normalised_error")),
                         number(entry.at("predict_the_mean")), number(entry.at("rms_error")),
                         number(entry.at("deviation"))});
        if (!model.contains("rollout")) continue;
        any = true;
        const Json &whole = model.at("rollout"), &segments = model.at("segments");
        rollouts += row({several ? seed : "from the first held-out state", number(whole.at("valid_time")),
                         number(whole.at("length")),
                         fmt::format("{} of {}", number(segments.at("valid_to_the_end")), number(segments.at("count"))),
                         number(segments.at("median_valid_time")), number(segments.at("median_length"))});
    }
    html += table(rows, "numbers");
    if (any)
        html +=
            "<h3>Roll-outs against the measurement</h3>\n" + table(rollouts, "numbers") +
            paragraph(
                fmt::format("Predicted from a measured state; it holds until a coordinate is further than {} from the "
                            "measurement (angles: up to whole turns). Segments lie between gaps of the recording.",
                            number(measured.at("valid_below"))),
                "note");
    const Json model = first_model(measured);
    if (!model.is_null() && model.contains("damping")) {
        std::vector<std::string> names = {""};
        for (const auto& [name, entry] : model.at("accelerations").items()) names.push_back(name);
        std::string matrix = heading_row(names);
        std::size_t place = 0;
        for (const Json& line : model.at("damping")) {
            std::vector<std::string> cells = {names[std::min(++place, names.size() - 1)]};
            for (const Json& x : line) cells.push_back(number(x));
            matrix += row(cells);
        }
        html +=
            "<h3>Learned friction</h3>\n" + table(matrix, "numbers") +
            paragraph("D of the forces −D v, in the units of the learned Lagrangian, which is known up to a factor.",
                      "note");
    }
    return html;
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
