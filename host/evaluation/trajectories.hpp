// How good a learned Lagrangian is where the true equations are known: roll-outs against the truth over random
// trajectories, the MSE of each unwrapped coordinate over eval.t_end, `repeats` times `trajectories` random starts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluation/quantiles.hpp"
#include "files/partial_file.hpp"
#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"
#include "terminal/progress.hpp"
#include "terminal/signals.hpp"

namespace lnn {

// trajectories of one model, or of several pooled
struct TrajectorySummary {
    struct Error {
        Quantiles all;
        std::vector<double> means;  // (repeats)
    };
    std::vector<Error> mse;       // (coordinates)
    struct Paired {               // the first two coordinates, where both errors are finite and unequal
        double second_worse = 0;  // share; NaN where there is no such trajectory
        std::int64_t trajectories = 0;
        double p_value = 0;
    };
    std::optional<Paired> paired;
    Quantiles energy_error, integrator_drift, valid_time, twin_valid_time;
    std::optional<Quantiles> lyapunov_exponent, valid_time_lyapunov;  // where most twins parted; where it is positive
    std::int64_t diverged = 0;
};

// Trajectories of one model depend on its weights, so that pooled ones say too much: the median over models of each
// model's median, its interval, and in how many models the second coordinate is worse.
struct OverModels {
    struct Error {
        double median = 0;
        Interval of_median{};
    };
    std::vector<Error> mse;  // (coordinates)
    struct Paired {
        std::int64_t second_worse = 0, models = 0;
        double p_value = 0;
    };
    std::optional<Paired> paired;
};

struct TrajectoryEvaluation {
    std::string system;
    std::vector<std::string> coordinates;
    double t_end = 0, dt = 0;
    std::int64_t trajectories = 0, repeats = 0;
    std::vector<std::uint64_t> seeds;     // (models that did not fail)
    std::vector<TrajectoryScore> scores;  // (those, repeats, trajectories)
    struct Model {
        std::uint64_t seed = 0;
        std::optional<TrajectorySummary> summary;  // none: it failed
    };
    std::vector<Model> models;
    std::optional<TrajectorySummary> pooled;  // of the models that did not fail, where there is one
    std::optional<OverModels> over_models;    // where there are several
    std::int64_t done = 0;                    // trajectories
    Stop stop = Stop::none;                   // asked for before all was done; then what is above is not complete

    std::int64_t evaluated() const { return trajectories * repeats * std::int64_t(seeds.size()); }
};

// `alive[m]`: whether model m has weights worth asking. Slices of trajectories that `partial` has are taken from it,
// others are appended to it.
TrajectoryEvaluation evaluate_trajectories(Backend&, const Problem&, const std::vector<Network>&,
                                           const std::vector<bool>& alive, Progress&, PartialFile& partial);
EvaluateJob evaluate_job(const Problem&);  // what one evaluates, and the protocol of energy in part
// of all that the scores depend on: settings, weights and what computes
std::uint64_t evaluation_key(const Backend&, const Config&, const std::vector<Network>&,
                             const std::vector<bool>& alive);
std::string per_trajectory_csv(const TrajectoryEvaluation&);

// a few trajectories of eval.film seconds side by side for figures: (2: truth, model; count; instants + 1; 2n)
std::vector<double> sample_trajectories(Backend&, const Problem&, const Network&, int count);

void check_system(const Network&, const SystemInfo&);  // Exit::file where their degrees of freedom differ

}  // namespace lnn
