// eval/per_trajectory.csv: how far the model was off, trajectory by trajectory.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lnn {

struct Scores {
    std::vector<std::string> names;        // (n) of the coordinates
    std::vector<std::vector<double>> mse;  // (n)(trajectories of all repeats and models); may be infinite or NaN
};

Scores read_scores(const std::filesystem::path&);  // Exit::file where it is malformed or has no rows

}  // namespace lnn
