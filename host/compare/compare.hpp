// lnn_gpu compare: models on systems, with equal data, equally many weights and equally many steps. Each pair is a run in
// DIRECTORY/SYSTEM/MODEL like any other; what they say together is in table.csv, table.json and report.html.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lnn/error.hpp"
#include "run/options.hpp"

namespace lnn {

struct Comparison {
    std::filesystem::path directory;
    std::vector<std::string> systems, models;  // the first model is what the others are compared with
};

// Runs what is not complete yet, and writes. Stopped, it goes on where it was when it is called again.
Exit compare_models(const Comparison&, const Options&);
Exit print_comparison_plan(const Comparison&, const Options&);  // --dry-run: each run with its memory and time

}  // namespace lnn
