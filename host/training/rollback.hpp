// train.guard = "rollback": Adam's steps are judged a period at a time, each model by itself. After a bad period its
// weights and Adam's memory are again what they were before it, and its learning rate is halved.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "files/json.hpp"
#include "lnn/backend.hpp"

namespace lnn {

class Rollback {
  public:
    // `above`: a period is bad where its loss is more than so many times that of the best one before it
    Rollback(double above, const TrainState& start);

    void add(const TrainReport&, std::int64_t steps);
    // Of the period, model m: more than half of the steps were left out, or the loss has risen too far. A loss is a
    // geometric mean over the steps that have a finite one: a batch beside a singular M may lose 10^9 times what others
    // do, and do no harm.
    bool bad(std::size_t m) const;
    // either begins a period of the model
    void keep(std::size_t m, const TrainState&);       // a good end
    void roll_back(std::size_t m, const TrainState&);  // to the last one

    double rate_factor(std::size_t m) const;                                       // of the learning rate
    const std::vector<std::int64_t>& rolled_back() const { return rolled_back_; }  // (models) steps

    nlohmann::ordered_json state() const;
    void restore(const JsonField&);
    // what it holds of a model at the last good end; the rest is in state()
    std::array<std::vector<double>, 4> good;  // weights, first, second, average: (models, parameters)

  private:
    double above_;
    // of each model
    std::vector<std::int64_t> applied_;                    // at the last good end
    std::vector<std::int64_t> rollbacks_, rolled_back_;    // times, steps
    std::vector<double> best_;                             // logarithm of the loss of the best period
    std::vector<std::int64_t> steps_, skipped_, counted_;  // of the period so far; counted: with a finite loss
    std::vector<double> log_loss_;                         // their sum

    void begin_period(std::size_t m);
    double mean_log_loss(std::size_t m) const;
};

// A model that goes back so often does not learn: it fails.
inline bool rolled_back_too_often(std::int64_t rolled_back, std::int64_t steps) { return rolled_back * 10 > steps; }

}  // namespace lnn
