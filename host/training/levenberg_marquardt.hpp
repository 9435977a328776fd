// Levenberg and Marquardt's method, train.optimizer = "lm", for models side by side.
//
// An iteration linearises the residuals of one batch (NormalEquations) and tries damped steps until one
// lowers the robust cost (lnn/robust.hpp) of that batch: then the damping follows the gain of the step, and
// after every try that failed it rises. So no iteration makes its batch worse, and a model whose steps all
// fail keeps its weights. (Marquardt 1963; Fletcher 1971; Nocedal and Wright, 10.3.)
//
// With a weight decay c the cost is the mean over the residuals plus c |weights|^2.
#pragma once

#include <span>
#include <vector>

#include "lnn/backend.hpp"
#include "problem/problem.hpp"

namespace lnn {

// what an iteration did to one model
struct LmIteration {
    double cost;             // of its batch, now
    double damping;          // of the last try
    bool accepted;           // else the weights are what they were
    std::int64_t truncated;  // samples without a derivative
};

class LevenbergMarquardt {
  public:
    // `scale`: what the residuals of a component are divided by
    LevenbergMarquardt(Backend&, const Arithmetic&, const TrainSpec::Lm&, int models, const PerComponent& scale);

    // weights (models, parameters) of networks of one shape; states (models, 2n, samples), accelerations
    // (models, n, samples); failed (models): at or above 0 for a model that is left alone. Where the backend fails,
    // nothing has changed.
    std::vector<LmIteration> iterate(const ModelSpec&, std::span<double> weights, std::span<const double> states,
                                     std::span<const double> accelerations, std::span<const std::int64_t> failed);

    std::vector<double> damping;         // (models) of the next try
    std::vector<std::int64_t> rejected;  // (models) iterations without a step since the last one with

  private:
    Backend& backend_;
    Arithmetic arithmetic_;
    RobustSpec robust_;
    double decay_;
    std::vector<double> matrix_, right_, steps_;  // of a group of models, kept between iterations

    void add_decay(std::span<const double> weights, NormalEquations&) const;
    double penalty(std::span<const double> weights) const;
    std::vector<double> costs(const Models&, std::span<const double> states,
                              std::span<const double> accelerations) const;
};

}  // namespace lnn
