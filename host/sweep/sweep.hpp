// A sweep: models trained side by side, one table. What it writes but clocks depends on its configuration alone: not on
// threads, kills or shards.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lnn/error.hpp"
#include "run/options.hpp"
#include "sweep/plan.hpp"

namespace lnn {

Exit start_sweep(const Options&, Shard);
Exit resume_sweep(const std::filesystem::path&, const Options&);

// report.html anew, of the models that are trained so far; notes on what could not be drawn
std::vector<std::string> report_sweep(const std::filesystem::path&);

Exit merge_sweeps(const std::vector<std::filesystem::path>& shards, const Options&);

}  // namespace lnn
