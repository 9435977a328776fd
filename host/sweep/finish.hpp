// What is made of a sweep once all its models are trained.
#pragma once

#include <filesystem>

#include <nlohmann/json_fwd.hpp>

#include "run/options.hpp"
#include "sweep/plan.hpp"

namespace lnn {

// writes tables and page, keeps the best models alone, prints the summary; run.json is complete thereafter
void finish_sweep(const Plan&, const std::filesystem::path& sweep, const Options&);

// what summary.json holds, on stdout
void print_summary(const nlohmann::ordered_json& summary, const std::filesystem::path& sweep, const Options&);

}  // namespace lnn
