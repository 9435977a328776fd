// How well a learned Lagrangian predicts what was measured and kept from it, where no true equations are known.
//
// Accelerations: root mean square error over the held-out samples, in units of their standard deviation; beside it the
// same for the mean of the training data, which a model without any insight predicts; and for the median of what several
// models predict, component by component.
// Roll-outs: from the first held-out state of a motion to its end, across gaps; and from the first state of each
// segment between gaps. Valid until a coordinate is further than eval.valid_below from the measurement (angles: up to
// turns).
#pragma once

#include <optional>
#include <string>
#include <vector>

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

// of one component of the accelerations, over the held-out samples
struct MeasuredErrors {
    double normalised = 0, predict_the_mean = 0;  // over the deviation
    double rms = 0, deviation = 0;
};

struct MeasuredSegments {
    std::int64_t count = 0, valid_to_the_end = 0;
    double median_valid_time = 0, median_length = 0;  // s
};

struct MeasuredModel {
    std::uint64_t seed = 0;
    bool failed = false;
    std::vector<MeasuredErrors> accelerations;  // (coordinates)
    struct Whole {
        double from = 0, length = 0, valid_time = 0;  // s
    };
    std::optional<Whole> rollout;              // of the first motion, where there is one
    std::optional<MeasuredSegments> segments;  // of all motions
    std::vector<std::vector<double>> damping;  // where it is learned
};

struct MeasuredEvaluation {
    std::vector<std::string> coordinates;
    std::string file;
    std::size_t training_samples = 0, held_out_samples = 0;
    double valid_below = 0;
    std::vector<MeasuredModel> models;
    std::vector<MeasuredErrors> median;  // (coordinates) of the models' median, where two or more are alive
    // of the first model: each held-out motion of two instants or more, then its segments
    std::vector<MeasuredRollout> rollouts;
};

// `alive[m]`: whether model m has weights worth asking
MeasuredEvaluation evaluate_measured(Backend&, const Problem&, const std::vector<Network>&,
                                     const std::vector<bool>& alive, const Dataset& training, const Dataset& held_out);

// motion, segment, t, then each coordinate and velocity measured and predicted
std::string rollouts_csv(const MeasuredEvaluation&);

}  // namespace lnn
