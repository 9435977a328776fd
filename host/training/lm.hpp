// Iterations of Levenberg and Marquardt's method after Adam's steps, each on a batch of its own: each an interval, a row
// of metrics.csv.
#pragma once

#include "problem/problem.hpp"
#include "training/levenberg_marquardt.hpp"
#include "training/optimizer.hpp"
#include "training/training_data.hpp"

namespace lnn {

class Lm : public Optimizer {
  public:
    // `before`: steps of Adam that came first
    Lm(Backend&, const Problem&, const LossSpec&, std::int64_t before, TrainingData&, ModelStates&);

    Slice advance(std::int64_t step) override;
    std::vector<Metrics> end_interval(std::int64_t step, double seconds) override;
    std::string note(const Metrics&) const override;
    void save(nlohmann::ordered_json& state) const override;
    void restore(const JsonField& state, const Refuse&) override;

  private:
    Backend& backend_;
    const Problem& problem_;
    LossSpec loss_;
    std::int64_t before_;
    TrainingData& data_;
    ModelStates& states_;
    LevenbergMarquardt method_;
    std::vector<Metrics> rows_;  // of the last iteration
};

}  // namespace lnn
