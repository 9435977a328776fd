// How well a learned Lagrangian predicts what was measured and kept from it, where no true equations are known.
//
// Accelerations: root mean square error over the held-out samples, in units of their standard deviation; beside it the
// same for the mean of the training data, which a model without any insight predicts.
// Roll-outs: from the first held-out state of a motion to its end, across gaps; and from the first state of each
// segment between gaps. Valid until a coordinate is further than eval.valid_below from the measurement (angles: up to
// turns).
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "files/dataset.hpp"
#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"

namespace lnn {

// a motion predicted from its first measured state
struct MeasuredRollout {
    int motion = 0, segment = 0;       // segment 0: the whole motion, across gaps; 1, ...: between two gaps
    std::vector<double> t;             // (instants), measured
    std::vector<double> truth, model;  // (instants, 2n); the model may be non-finite
    double valid_time = 0;             // s after the first instant
    bool to_the_end = false;           // valid at every instant
};

struct MeasuredEvaluation {
    nlohmann::ordered_json summary;  // eval/measured.json
    std::vector<MeasuredRollout>
        rollouts;  // of the first model: each held-out motion of two instants or more, then its segments
};

// `alive[m]`: whether model m has weights worth asking
MeasuredEvaluation evaluate_measured(Backend&, const Problem&, const std::vector<Network>&,
                                     const std::vector<bool>& alive, const Dataset& training, const Dataset& held_out);

// motion, segment, t, then each coordinate and velocity measured and predicted
std::string rollouts_csv(const MeasuredEvaluation&, const SystemInfo& coordinates);

// for a terminal
std::string measured_table(const nlohmann::ordered_json& summary);

}  // namespace lnn
