// What the files of a run hold, as far as they are there and readable: every part is a value or the reason
// why not, so that a run that was stopped, or a damaged file, costs one section of the report and no more.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "evaluation/box.hpp"
#include "evaluation/energy.hpp"
#include "evaluation/measured.hpp"
#include "evaluation/trajectories.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"
#include "report/motions.hpp"
#include "report/scores.hpp"
#include "settings/config.hpp"
#include "training/metrics.hpp"

namespace lnn {

template <class T>
struct Part {
    std::optional<T> value;
    std::string reason;   // why there is no value
    bool broken = false;  // the file is there, but unreadable

    explicit operator bool() const { return value.has_value(); }
    const T* operator->() const { return &*value; }
    const T& operator*() const { return *value; }
};

struct Contents {
    std::filesystem::path run;
    std::string name;        // of its directory
    Part<std::string> toml;  // config.toml as it stands
    Part<Config> config;
    std::optional<Problem> problem;       // of the configuration, where it is readable
    Part<nlohmann::ordered_json> record;  // run.json
    Part<std::vector<Metrics>> metrics;   // at least one row
    Part<TrajectoryEvaluation> summary;   // the results of eval/, as far as evaluation/read.hpp has them
    Part<MeasuredEvaluation> measured;
    Part<std::vector<BoxEvaluation>> box;
    Part<std::vector<EnergyEvaluation>> energy;
    Part<Motions> motions;  // eval/trajectories.npy, or eval/rollouts.csv where no true system is known
    Part<Scores> scores;    // eval/per_trajectory.csv
    Part<Network> network;  // model.safetensors, whose motions these are
};

// Exit::file if there is no such directory
Contents read_contents(const std::filesystem::path& run);

}  // namespace lnn
