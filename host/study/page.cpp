#include "study/page.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files/atomic_file.hpp"
#include "files/run_files.hpp"
#include "report/figures.hpp"
#include "report/html.hpp"
#include "statistics/statistics.hpp"
#include "terminal/text_table.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

std::string p_text(const Json& p) {
    return p.get<double>() < 1e-4 ? "p < 0.0001" : fmt::format("p = {:.2g}", p.get<double>());
}

std::string interval_text(const Json& ratio) {
    return fmt::format("{} (95 % {} .. {})", number(ratio["median"]), number(ratio["ci95_median"][0]),
                       number(ratio["ci95_median"][1]));
}

// An interval without 1, and more models on its side than chance allows: few models make an interval too narrow.
std::string verdict(const Json& over_models, const std::string& first, const std::string& second) {
    const bool sure = over_models["p_value"] < 0.05;
    if (sure && over_models["ci95_median"][0] > 1) return fmt::format("{} is predicted worse", second);
    if (sure && over_models["ci95_median"][1] < 1) return fmt::format("{} is predicted worse", first);
    return "no preference can be told from chance";
}

std::string sentence(const Json& setting, const std::string& first, const std::string& second) {
    if (!setting.contains("ratio") || setting["ratio"]["over_models"].is_null())
        return fmt::format("{}: no model with a finite error.", setting["title"].get<std::string>());
    const Json &models = setting["ratio"]["over_models"], &trajectories = setting["ratio"]["over_trajectories"],
               &motion = setting["ratio_to_motion"]["over_models"];
    return fmt::format(
        "{}: {}: its squared error over that of {} is {}; above 1 in {} of {} models ({}) and in {} of {} "
        "trajectories ({}). "
        "In units of how far each coordinate moves: {}; {}.",
        setting["title"].get<std::string>(), verdict(models, first, second), first, interval_text(models),
        models["above_one"].dump(), models["models"].dump(), p_text(models["p_value"]),
        trajectories["above_one"].dump(), trajectories["trajectories"].dump(), p_text(trajectories["p_value"]),
        interval_text(motion), verdict(motion, first, second));
}

std::vector<std::vector<std::string>> rows_of(const Json& study) {
    const std::string first = study["coordinates"][0], second = study["coordinates"][1];
    std::vector<std::vector<std::string>> rows = {{"setting", "models", "failed", "MSE " + first, "MSE " + second,
                                                   "means of " + first, "means of " + second,
                                                   fmt::format("{} / {}", second, first), "by motion"}};
    for (const Json& s : study["settings"]) {
        std::vector<std::string> row = {s["title"], s["models"].dump(), s["failed"].dump()};
        if (s.contains("ratio")) {
            for (const std::string& name : {first, second}) row.push_back(number(s["mse"][name]["median_over_models"]));
            for (const std::string& name : {first, second})
                row.push_back(fmt::format("{} .. {}", number(s["mse"][name]["lowest_mean"]),
                                          number(s["mse"][name]["highest_mean"])));
            for (const char* key : {"ratio", "ratio_to_motion"})
                row.push_back(s[key]["over_models"].is_null() ? "-" : interval_text(s[key]["over_models"]));
        }
        row.resize(rows[0].size(), "-");
        rows.push_back(row);
    }
    return rows;
}

// a point a model: median squared errors of both coordinates
Figure models_figure(const Json& study, const std::vector<CoordinateErrors>& errors) {
    const std::string first = study["coordinates"][0], second = study["coordinates"][1];
    Figure figure{
        "models", "Models",
        fmt::format(
            "A point a model: its median squared error of either coordinate. Above the line {} is the worse one.",
            second),
        "", ""};
    figure.csv = "setting," + column_name(first) + "," + column_name(second) + "\n";
    std::vector<double> logs;
    for (std::size_t a = 0; a < errors.size(); ++a)
        for (std::size_t m = 0; m < errors[a].models(); ++m) {
            const double x = errors[a].median(0, m), y = errors[a].median(1, m);
            if (!std::isfinite(x) || !std::isfinite(y) || x <= 0 || y <= 0) continue;
            figure.csv += fmt::format("{},{},{}\n", a, value_text(x), value_text(y));
            logs.insert(logs.end(), {std::log10(x), std::log10(y)});
        }
    if (logs.empty()) logs = {0};
    const auto s = sorted(logs);
    const double low = s.front() - 0.3, high = s.back() + 0.3, dash = std::pow(10.0, (high - low) / 100) - 1;
    std::string lines;  // short dashes: point shapes have ids, which a page cannot hold twice
    for (std::size_t a = 0; a < errors.size(); ++a)
        lines += fmt::format(
            ", \\\n     'models.csv' using ($1=={0}?$2:NaN):3:($2*{1:.3g}):(0) with vectors nohead linewidth 4 "
            "linecolor rgb '{2}' title {3} noenhanced",
            a, dash, colour_of(a), in_quotes(study["settings"][a]["title"].get<std::string>()));
    figure.plot =
        fmt::format("set xlabel {} noenhanced\nset ylabel {} noenhanced\nset key inside bottom right vertical\n",
                    in_quotes("squared error of " + first), in_quotes("squared error of " + second)) +
        log_axis('x', low, high) + log_axis('y', low, high) +
        "plot x with lines linecolor rgb '#808080' linewidth 1 notitle" + lines + "\n";
    return figure;
}

// share of models below a ratio, a curve a setting
Figure ratios_figure(const Json& study, const std::vector<CoordinateErrors>& errors) {
    const std::string first = study["coordinates"][0], second = study["coordinates"][1];
    Figure figure{
        "ratios", fmt::format("How much worse is {}?", second),
        fmt::format(
            "Share of the models whose squared error of {} over that of {} (median over trajectories) is below a "
            "value. A curve that is mostly right of 1 says that {} is the worse one.",
            second, first, second),
        "setting,ratio,share\n", ""};
    std::string lines;
    std::vector<double> all;
    for (std::size_t a = 0; a < errors.size(); ++a) {
        std::vector<double> logs;
        for (std::size_t m = 0; m < errors[a].models(); ++m)
            if (const double x = errors[a].median_log_ratio(m); std::isfinite(x)) logs.push_back(x);
        std::sort(logs.begin(), logs.end());
        for (std::size_t k = 0; k < logs.size(); ++k)
            figure.csv += fmt::format("{},{},{}\n", a, value_text(std::pow(10.0, logs[k])),
                                      value_text(100.0 * double(k + 1) / double(logs.size())));
        all.insert(all.end(), logs.begin(), logs.end());
        lines += fmt::format(
            "{0}'ratios.csv' using ($1=={1}?$2:NaN):3 with steps linewidth 2 linecolor rgb '{2}' title {3} noenhanced",
            a == 0 ? "plot " : ", \\\n     ", a, colour_of(a),
            in_quotes(study["settings"][a]["title"].get<std::string>()));
    }
    if (all.empty()) all = {0};
    const auto s = sorted(all);
    figure.plot =
        fmt::format(
            "set xlabel {} noenhanced\nset ylabel 'models / %'\nset yrange [0:100]\nset key inside top left vertical "
            "Left reverse\n"
            "set arrow from 1, graph 0 to 1, graph 1 nohead dashtype (4,4) linecolor rgb '#808080'\n",
            in_quotes(fmt::format("squared error of {} / of {}", second, first))) +
        log_axis('x', std::min(s.front(), 0.0) - 0.1, std::max(s.back(), 0.0) + 0.1) + lines + "\n";
    return figure;
}

std::string methods(const Json& study) {
    const Json& displacement = study["rms_displacement"];
    return paragraph(fmt::format(
               "Every model predicts the same {} motions of {} of {} s, from starts with angles in {} rad and "
               "velocities in {} rad/s, "
               "by RK4 steps of {} s. The error of a coordinate in a motion is its mean squared distance from the "
               "truth. A model's "
               "ratio is the median over the motions of the one error over the other, a setting's the median over its "
               "models, "
               "with the 95 % bootstrap interval over models and a sign test; models are what training makes anew, so "
               "this interval "
               "says what another training would show.",
               study["trajectories"].dump(), value_line(study["system"]), study["t_end"].dump(), study["angle"].dump(),
               study["velocity"].dump(), study["dt"].dump())) +
           paragraph(fmt::format(
               "The coordinates move by {} {} and {} {} (root mean square distance from the start): the ratio of "
               "squared errors of a prediction that stands still would be {}. \"By motion\" is the ratio divided "
               "by that. Averages over trajectories (\"means\", lowest and highest of the models) are governed by the "
               "few worst ones, which is why they do not answer.",
               number(displacement[0]), study["units"][0].get<std::string>(), number(displacement[1]),
               study["units"][1].get<std::string>(),
               number(std::pow(displacement[1].get<double>() / displacement[0].get<double>(), 2))));
}

}  // namespace

std::string study_answer(const Json& study) {
    std::string text;
    for (const Json& setting : study["settings"])
        text += sentence(setting, study["coordinates"][0], study["coordinates"][1]) + "\n";
    for (const Json& effect : study["effect_of_balance"])
        if (const Json& r = effect["ratio_changes_by"]; !r.is_null())
            text += fmt::format(
                "Dividing each component by its scale (train.balance = \"scale\") multiplies the ratio of {} by {} "
                "({} over {} models).\n",
                effect["setting"].get<std::string>(), interval_text(r), p_text(r["p_value"]), r["models"].dump());
    return text;
}

std::string study_table(const Json& study) {
    return text_table(rows_of(study), 1) + study["answer"].get<std::string>();
}

std::vector<std::string> write_study_page(const std::filesystem::path& directory, const Json& study,
                                          const std::vector<CoordinateErrors>& errors) {
    std::vector<std::string> notes;
    std::string lines, answer = study["answer"];
    for (std::size_t at; (at = answer.find('\n')) != answer.npos; answer.erase(0, at + 1))
        lines += paragraph(answer.substr(0, at));
    const auto rows = rows_of(study);
    std::string cells = heading_row(rows[0]);
    for (std::size_t i = 1; i < rows.size(); ++i) cells += row(rows[i]);
    const std::string title = fmt::format("Is one coordinate of {} preferred?", value_line(study["system"]));
    write_file(
        directory / run_files::report,
        page(title, fmt::format("<header>\n<h1>{}</h1>\n</header>\n", escape(title)) + section("Answer", lines) +
                        section("Figures", figures({models_figure(study, errors), ratios_figure(study, errors)},
                                                   directory / run_files::figures, {}, notes)) +
                        section("Numbers", table(cells, "numbers")) + section("How it was measured", methods(study))),
        true);
    return notes;
}

}  // namespace lnn
