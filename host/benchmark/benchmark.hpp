// Speed of each kernel and of the main jobs, beside its bound: the multiply-adds that independent chains reach on the
// same core in the same seconds. Job and bound take turns, so that a machine whose speed drifts shifts both.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "settings/config.hpp"

namespace lnn {

// {"machine": {...}, "rows": [{"name", "unit", "value", "share_of_peak", ...}]}
nlohmann::ordered_json run_benchmarks(const Config&, double seconds_per_row);

std::string benchmark_table(const nlohmann::ordered_json& result);
// what run_benchmarks made, of a file: name of a row -> value; Exit::file where it is something else
std::map<std::string, double> parse_benchmark(std::string_view text, const std::string& where);
// ratios new / old of the rows both have
std::string comparison_table(const nlohmann::ordered_json& result, const std::map<std::string, double>& old);

}  // namespace lnn
