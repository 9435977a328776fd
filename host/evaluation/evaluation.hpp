// How good a learned Lagrangian is: roll-outs against the truth over random trajectories, and the published protocols.
//
//   trajectories  MSE of each unwrapped coordinate over eval.t_end, `repeats` times `trajectories` random starts
//   box           mean over fresh states of |da_1| + ... + |da_n|                       (Cranmer et al. 2020)
//   energy        |E_model - E_true| / |E at rest| after 100 s from starts nearly at rest  (the same)
//   links         in links.hpp
//
// Means of a heavy-tailed error say little: quantiles, intervals and a paired test stand beside them.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "files/partial_file.hpp"
#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"
#include "settings/config.hpp"
#include "terminal/progress.hpp"
#include "terminal/signals.hpp"

namespace lnn {

struct TrajectoryEvaluation {
    std::int64_t trajectories = 0, repeats = 0;
    std::vector<std::uint64_t> seeds;     // (models)
    std::vector<TrajectoryScore> scores;  // (models, repeats, trajectories)
    nlohmann::ordered_json summary;       // eval/summary.json
    std::int64_t done = 0;                // trajectories
    Stop stop = Stop::none;               // asked for before all was done; then there is no summary
};

// `alive[m]`: whether model m has weights worth asking. Slices of trajectories that `partial` has are taken from it,
// others are appended to it.
TrajectoryEvaluation evaluate_trajectories(Backend&, const Problem&, const std::vector<Network>&,
                                           const std::vector<bool>& alive, Progress&, PartialFile& partial);
// of all that the scores depend on: settings, weights and what computes
std::uint64_t evaluation_key(const Backend&, const Config&, const std::vector<Network>&,
                             const std::vector<bool>& alive);
std::string per_trajectory_csv(const TrajectoryEvaluation&, const SystemInfo&);

// a few trajectories of eval.film seconds side by side for figures: (2: truth, model; count; instants + 1; 2n)
std::vector<double> sample_trajectories(Backend&, const Problem&, const Network&, int count);

nlohmann::ordered_json evaluate_box(Backend&, const Problem&, const Network&, std::int64_t states);
nlohmann::ordered_json evaluate_energy(Backend&, const Problem&, const Network&, std::int64_t starts);

void check_system(const Network&, const SystemInfo&);  // Exit::file where their degrees of freedom differ

nlohmann::ordered_json finite_or_null(double);  // infinity and NaN have no place in JSON

// tables for a terminal
std::string trajectory_table(const nlohmann::ordered_json& summary);
std::string protocol_table(const nlohmann::ordered_json& result);

}  // namespace lnn
