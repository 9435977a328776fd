// What trains models side by side, a slice of steps at a time: Adam first, then Levenberg and Marquardt's method where
// it is wanted. Each holds what it alone needs; what both change is in ModelStates.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "files/json.hpp"
#include "lnn/backend.hpp"
#include "training/metrics.hpp"

namespace lnn {

struct ModelStates {
    std::size_t parameters = 0;
    std::vector<double> weights, first, second, average;      // (models, parameters)
    std::vector<bool> averaged;                               // (models): whether the average is what was learned
    std::vector<std::int64_t> applied, skipped, rolled_back;  // (models): steps of Adam
    std::vector<std::int64_t> truncated;                      // (models): samples
    std::vector<std::int64_t> failed;                         // (models): at which step, or -1
    std::vector<std::int64_t> stalled;                        // (models): as TrainingOutcome has it

    ModelStates(const std::vector<double>& start, std::vector<bool> averaged);

    std::size_t models() const { return failed.size(); }
    TrainState train_state() { return {weights, first, second, average, applied, failed}; }
    const std::vector<double>& learned(std::size_t m) const { return averaged[m] ? average : weights; }
    bool is_lost(std::size_t m) const;  // one of its numbers is not finite
    bool all_finite() const;
    bool all_failed() const;
    void clear(std::size_t m);  // zeros, which files can hold, for what is lost
};

class Optimizer {
  public:
    struct Slice {
        std::int64_t steps;
        bool ends_interval;   // where models are judged, rows written, and regular checkpoints may fall
        bool checkpoint_due;  // neither depends on the clock
    };
    using Tensors = std::vector<std::pair<const char*, std::vector<double>*>>;
    using Refuse = std::function<void(const std::string& why)>;

    virtual ~Optimizer() = default;

    // From `step` of the whole training on, up to the end of an interval at most. Where the backend fails, nothing has
    // changed.
    virtual Slice advance(std::int64_t step) = 0;
    // judges the models of the interval that ends at `step`: a row of each for metrics.csv
    virtual std::vector<Metrics> end_interval(std::int64_t step, double seconds) = 0;
    virtual std::string note(const Metrics&) const { return ""; }  // on a row, after the loss of its interval

    // what a checkpoint holds of it besides the states of the models
    virtual void save(nlohmann::ordered_json& state) const = 0;
    virtual void restore(const JsonField& state, const Refuse&) = 0;
    virtual Tensors tensors() { return {}; }
};

}  // namespace lnn
