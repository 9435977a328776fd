#include "sweep/table.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "settings/config.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t best_shown = 5;

}  // namespace

std::string csv_cell(const Json& value) {
    if (value.is_null()) return "";
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (text.find_first_of(",\"\n") == text.npos) return text;
    for (std::size_t at = 0; (at = text.find('"', at)) != text.npos; at += 2) text.insert(at, 1, '"');
    return '"' + text + '"';
}

void to_json(Json& json, const Row& row) {
    json = {{"id", row.id},
            {"settings", row.settings},
            {"rung", row.rung},
            {"seed", row.seed},
            {"status", row.failed() ? "failed" : "ok"},
            {"failed_at", row.failed() ? Json(row.failed_at) : Json(nullptr)},
            {"skipped", row.skipped},
            {"rolled_back", row.rolled_back},
            {"truncated", row.truncated},
            {"loss", finite_or_null(row.loss)},
            {"error", finite_or_null(row.error)},
            {"relative_error", finite_or_null(row.relative_error)}};
}

Row row_of(const JsonField& json) {
    const auto number_or_nan = [&](const char* key) { return json.at(key).is_null() ? NAN : json.at(key).number(); };
    Row row;
    row.id = json.at("id").count();
    row.settings = json.at("settings").object();
    row.rung = int(json.at("rung").integer(0, most_rungs - 1));
    row.seed = json.at("seed").unsigned_integer();
    row.failed_at = json.at("failed_at").is_null() ? -1 : json.at("failed_at").count();
    row.skipped = json.at("skipped").count();
    row.rolled_back = json.at("rolled_back").count();
    row.truncated = json.at("truncated").count();
    row.loss = number_or_nan("loss");
    row.error = number_or_nan("error");
    row.relative_error = number_or_nan("relative_error");
    return row;
}

void sort_rows(std::vector<Row>& rows) {
    std::sort(rows.begin(), rows.end(),
              [](const Row& a, const Row& b) { return std::tie(a.id, a.rung) < std::tie(b.id, b.rung); });
}

std::vector<Row> last_rungs(const std::vector<Row>& rows) {
    std::vector<Row> last;
    for (const Row& row : rows) {
        if (!last.empty() && last.back().id == row.id) last.pop_back();
        last.push_back(row);
    }
    return last;
}

std::vector<Row> ranked(const std::vector<Row>& rows) {
    std::vector<Row> best;
    for (const Row& row : rows)
        if (std::isfinite(row.relative_error)) best.push_back(row);
    std::stable_sort(best.begin(), best.end(),
                     [](const Row& a, const Row& b) { return a.relative_error < b.relative_error; });
    return best;
}

std::string table_csv(const std::vector<std::string>& keys, const std::vector<Row>& rows) {
    const char* const figures[] = {"rung",        "seed",      "status", "failed_at", "skipped",
                                   "rolled_back", "truncated", "loss",   "error",     "relative_error"};
    std::string text = fmt::format("id,{},{}\n", fmt::join(keys, ","), fmt::join(figures, ","));
    for (const Row& row : rows) {
        const Json json = row;
        text += fmt::to_string(row.id);
        for (const std::string& key : keys) text += "," + csv_cell(row.settings[key]);
        for (const char* name : figures) text += "," + csv_cell(json[name]);
        text += '\n';
    }
    return text;
}

Json summary_of(const std::vector<Row>& rows) {
    std::int64_t failed = 0, worse = 0, skipping = 0, rolling_back = 0;
    for (const Row& row : rows) {
        skipping += row.skipped > 0;
        rolling_back += row.rolled_back > 0;
        failed += row.failed();
        worse += row.relative_error >= 1;
    }
    std::vector<Row> best = ranked(rows);
    const std::int64_t models = std::int64_t(rows.size());
    Json summary = {{"models", models},
                    {"ok", models - failed},
                    {"failed", failed},
                    {"failed_share", models ? Json(double(failed) / double(models)) : Json(nullptr)},
                    {"not_finite", models - failed - std::int64_t(best.size())},
                    {"worse_than_zero", worse},
                    {"skipped_steps", skipping},
                    {"rolled_back", rolling_back}};
    best.resize(std::min(best.size(), best_shown));
    summary["best"] = best;
    return summary;
}

std::string timings_csv(const std::vector<Row>& rows) {
    std::string text = "id,rung,seconds\n";
    for (const Row& row : rows) text += fmt::format("{},{},{:.3f}\n", row.id, row.rung, row.seconds);
    return text;
}

}  // namespace lnn
