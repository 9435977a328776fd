// lnn_gpu study preferred-coordinate: many models in four settings, each a run directory in that of the study; what
// they say together is in study.json, per_model.csv and report.html.
#pragma once

#include <filesystem>

#include "lnn/error.hpp"
#include "run/options.hpp"

namespace lnn {

struct Study {
    std::filesystem::path directory;
    int models = 64;  // of each setting
    std::int64_t trajectories = 1000;
};

// Trains what is not trained yet, evaluates and writes. Stopped, it goes on where it was when it is called again.
Exit study_preferred_coordinate(const Study&, const Options&);
Exit print_study_plan(const Study&, const Options&);  // --dry-run: each setting with its memory and time

}  // namespace lnn
