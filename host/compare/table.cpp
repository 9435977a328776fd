#include "compare/table.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "statistics/statistics.hpp"
#include "terminal/json_text.hpp"
#include "terminal/text_table.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

std::optional<MedianAndRange> median_and_range(std::vector<double> values) {
    std::erase_if(values, [](double x) { return std::isnan(x); });
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    return MedianAndRange{quantile(values, 0.5), values.front(), values.back()};
}

// the first model on the same system: what a row is compared with
const ComparedModel& first_of(const std::vector<ComparedModel>& all, const ComparedModel& one) {
    return *std::find_if(all.begin(), all.end(),
                         [&](const ComparedModel& other) { return other.system == one.system; });
}

Json json_of(const std::optional<MedianAndRange>& found) {
    if (!found) return nullptr;
    return {{"median", finite_or_null(found->median)},
            {"lowest", finite_or_null(found->low)},
            {"highest", finite_or_null(found->high)}};
}

std::string text_of(const std::optional<MedianAndRange>& found) {
    if (!found) return "-";
    const std::string median = fmt::format("{:.3g}", found->median);
    return found->low == found->high ? median : fmt::format("{} ({:.2g} .. {:.2g})", median, found->low, found->high);
}

std::size_t failed(const ComparedModel& one) {
    return std::count_if(one.seeds.begin(), one.seeds.end(), [](const SeedResult& s) { return s.failed; });
}

}  // namespace

std::optional<MedianAndRange> over_seeds(const ComparedModel& one, double SeedResult::*value) {
    std::vector<double> values;
    for (const SeedResult& seed : one.seeds) values.push_back(seed.*value);
    return median_and_range(std::move(values));
}

std::optional<MedianAndRange> ratio_over_seeds(const ComparedModel& one, const ComparedModel& than,
                                               double SeedResult::*value) {
    std::vector<double> ratios;
    for (const SeedResult& seed : one.seeds)
        for (const SeedResult& other : than.seeds)
            if (other.seed == seed.seed) ratios.push_back(seed.*value / other.*value);
    return median_and_range(std::move(ratios));
}

Json to_json(const std::vector<ComparedModel>& all) {
    Json rows = Json::array();
    for (const ComparedModel& one : all) {
        Json row = {{"system", one.system},
                    {"model", one.model},
                    {"hidden", one.hidden},
                    {"weights", one.weights},
                    {"seeds", one.seeds.size()},
                    {"failed", failed(one)},
                    {"train_seconds", one.train_seconds}};
        for (const Column& column : columns) row[column.name] = json_of(over_seeds(one, column.value));
        row["compared_with"] = first_of(all, one).model;
        row["accelerations_ratio"] = json_of(ratio_over_seeds(one, first_of(all, one), &SeedResult::accelerations));
        for (const SeedResult& seed : one.seeds) {
            Json entry = {{"seed", seed.seed}, {"failed", seed.failed}};
            for (const Column& column : columns) entry[column.name] = finite_or_null(seed.*(column.value));
            row["by_seed"].push_back(entry);
        }
        rows.push_back(row);
    }
    return rows;
}

std::string csv_of(const std::vector<ComparedModel>& all) {
    std::string csv = "system,model,weights,seed,failed,train_seconds";
    for (const Column& column : columns) csv += fmt::format(",{}", column.name);
    csv += "\n";
    for (const ComparedModel& one : all)
        for (const SeedResult& seed : one.seeds) {
            csv += fmt::format("{},{},{},{},{},{:.3f}", one.system, one.model, one.weights, seed.seed, int(seed.failed),
                               one.train_seconds);
            for (const Column& column : columns) {
                const double x = seed.*(column.value);
                csv += fmt::format(",{:.9g}", std::isnan(x) ? NAN : x);  // without the sign a NaN may have
            }
            csv += "\n";
        }
    return csv;
}

std::vector<std::vector<std::string>> cells_of(const std::vector<ComparedModel>& all) {
    std::vector<std::string> headings = {"system", "model", "weights", "failed"};
    for (const Column& column : columns) headings.emplace_back(column.heading);
    headings.push_back(all.empty() ? "ratio" : fmt::format("accelerations / {}", all[0].model));
    headings.emplace_back("training, s");
    std::vector<std::vector<std::string>> cells = {headings};
    for (const ComparedModel& one : all) {
        std::vector<std::string> row = {one.system, one.model, fmt::to_string(one.weights),
                                        fmt::format("{} of {}", failed(one), one.seeds.size())};
        for (const Column& column : columns) row.push_back(text_of(over_seeds(one, column.value)));
        row.push_back(text_of(ratio_over_seeds(one, first_of(all, one), &SeedResult::accelerations)));
        row.push_back(fmt::format("{:.3g}", one.train_seconds));
        cells.push_back(row);
    }
    return cells;
}

std::string table_of(const std::vector<ComparedModel>& all) { return text_table(cells_of(all), 2); }

}  // namespace lnn
