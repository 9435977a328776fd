// A sweep in its directory: models trained side by side, one table.
//
//   DIR/  config.toml   results/RUNG-ID.json (of each finished piece; what --resume goes on from)   models/ID.safetensors
//         table.csv  table.json  summary.json  timings.csv  report.html  figures/   run.json (as of a run)
//
// table.*, summary.json and models/ depend on the configuration alone: not on threads, kills or shards.
#pragma once

#include <filesystem>
#include <vector>

#include "lnn/error.hpp"
#include "options.hpp"

namespace lnn {

// takes the units whose number leaves `index` when divided by `count`
struct Shard {
    std::int64_t index = 0, count = 1;
};

Exit start_sweep(const Options&, Shard);
Exit resume_sweep(const std::filesystem::path&, const Options&);

bool is_sweep(const std::filesystem::path&);
// report.html anew, of the models that are trained so far; notes on what could not be drawn
std::vector<std::string> report_sweep(const std::filesystem::path&);

Exit merge_sweeps(const std::vector<std::filesystem::path>& shards, const Options&);

}  // namespace lnn
