// Adam's steps, an interval of them a row of metrics.csv; with train.guard = "rollback" some are judged and taken back.
#pragma once

#include <optional>

#include "problem/problem.hpp"
#include "training/optimizer.hpp"
#include "training/rollback.hpp"
#include "training/training_data.hpp"

namespace lnn {

class Adam : public Optimizer {
  public:
    // `specs`: one a model; `total`: steps
    Adam(Backend&, const Problem&, const LossSpec&, std::vector<AdamSpec> specs, std::int64_t total, TrainingData&,
         ModelStates&);

    Slice advance(std::int64_t step) override;
    std::vector<Metrics> end_interval(std::int64_t step, double seconds) override;
    void save(nlohmann::ordered_json& state) const override;
    void restore(const JsonField& state, const Refuse&) override;
    Tensors tensors() override;

  private:
    Backend& backend_;
    const Problem& problem_;
    LossSpec loss_;
    std::vector<AdamSpec> specs_;
    std::int64_t total_;
    TrainingData& data_;
    ModelStates& states_;
    std::optional<Rollback> rollback_;
    double step_seconds_;  // of the last slice

    // sums over the steps so far of the interval; empty before its first
    struct Interval {
        std::int64_t steps = 0;
        std::vector<double> loss, grad_norm;  // (models)
        std::vector<std::int64_t> truncated;  // (models)
        std::vector<std::int64_t> condition;  // (models, condition_bins)
    } interval_;

    std::int64_t interval_steps() const;
    AdamSpec spec_now(std::size_t m) const;  // after its rollbacks
    void add(const TrainReport&, std::int64_t steps);
    void roll_back_bad_models(std::int64_t step);
};

}  // namespace lnn
