// What a comparison says: a row a system and model, of medians over the seeds with their ranges.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace lnn {

// What one model of one seed reached; NaN where it failed, or has none.
struct SeedResult {
    std::uint64_t seed = 0;
    bool failed = false;
    double accelerations;  // mean |a - a(true)| over mean |a(true)|, over fresh states
    double motion;         // root of the mean squared errors of the coordinates, median of the trajectories
    double energy;         // error of the energy at the end; J, median of the trajectories
    double valid_time;     // s, median of the trajectories
    double lyapunov;       // the same in Lyapunov times
};

struct ComparedModel {
    std::string system, model;
    std::vector<int> hidden;
    std::size_t weights = 0;
    double train_seconds = 0;  // of a seed
    std::vector<SeedResult> seeds;
};

struct MedianAndRange {
    double median, low, high;
};

// over the seeds that have a number; none where none has
std::optional<MedianAndRange> over_seeds(const ComparedModel&, double SeedResult::*);
// how many times larger a number is than that of another model on the same system, paired over the seeds
std::optional<MedianAndRange> ratio_over_seeds(const ComparedModel&, const ComparedModel& than, double SeedResult::*);

// the figures of a row of the table, by name, in their order: what each is, in which unit
struct Column {
    const char *name, *heading, *meaning;
    double SeedResult::*value;
};
inline constexpr Column columns[] = {
    {"accelerations", "accelerations", "mean error of the accelerations over their mean size, over fresh states",
     &SeedResult::accelerations},
    {"motion", "motion", "root of the summed mean squared errors of the coordinates over a trajectory",
     &SeedResult::motion},
    {"energy", "energy", "error of the true energy at the end of a trajectory; J", &SeedResult::energy},
    {"valid_time", "valid, s", "time until a coordinate is further from the truth than eval.valid_below",
     &SeedResult::valid_time},
    {"valid_lyapunov", "in Lyapunov times", "the same over the time in which chaos grows e-fold",
     &SeedResult::lyapunov}};

nlohmann::ordered_json to_json(const std::vector<ComparedModel>&);
std::string csv_of(const std::vector<ComparedModel>&);                              // a row a seed
std::vector<std::vector<std::string>> cells_of(const std::vector<ComparedModel>&);  // with headings, for eyes
std::string table_of(const std::vector<ComparedModel>&);                            // for a terminal

}  // namespace lnn
