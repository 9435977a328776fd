// Motions to show: each as it was, and as the model has it from the same start. Whatever fills this is drawn
// and animated alike.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "settings/catalog.hpp"

namespace lnn {

enum Path { truth, model };

struct Motion {
    std::string label;             // "trajectory 1"
    std::vector<double> instants;  // s, from 0 on
    // [path][row][instant]: coordinates, then velocities; the truth is finite
    std::array<std::vector<std::vector<double>>, 2> along;
};

struct Motions {
    std::vector<std::string> names, units;  // (n) of the coordinates
    std::vector<Motion> all;                // at least one
    std::string called = "truth";           // what the model is compared with
};

Motions read_rollouts(const std::filesystem::path&, const SystemInfo& coordinates);  // eval/rollouts.csv

}  // namespace lnn
