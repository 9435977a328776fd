// Training of one or more models side by side: slices of Adam's steps, then iterations of lm where they are wanted;
// metrics, checkpoints, resume.
//
// Everything a step depends on is keyed by its global number, so that a run that was cut off anywhere and resumed
// from its last checkpoint gives the same bits as one that was not.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "files/checkpoint.hpp"
#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "terminal/progress.hpp"
#include "terminal/signals.hpp"
#include "training/levenberg_marquardt.hpp"
#include "training/metrics.hpp"
#include "training/rollback.hpp"
#include "training/training_data.hpp"

namespace lnn {

struct TrainingOutcome {
    Stop stop = Stop::none;  // why it ended before its last step
    bool out_of_time = false;
    std::int64_t steps = 0;  // done
    double seconds = 0;
    std::vector<std::int64_t> failed, skipped, rolled_back, truncated;  // (models); failed: at which step, or -1
    std::vector<std::int64_t> stalled;  // (models) iterations of lm at the end that found no step; empty without lm
};

class Trainer {
  public:
    // `networks`, `adam`: one a model, first weights and what its steps are; `directory`: where metrics and checkpoints
    // go, empty: nowhere; `configuration`: config.toml, which a checkpoint has to be of
    Trainer(Backend&, const Problem&, TrainingData&, std::vector<Network> networks, std::vector<AdamSpec> adam,
            std::filesystem::path directory, std::string configuration);

    void restore(const Checkpoint&);  // Exit::file where it is of another configuration
    TrainingOutcome run(Progress&, double max_seconds);

    // what was learned: averaged weights where averaging is on
    std::vector<Network> networks() const;
    const std::vector<Metrics>& metrics() const { return metrics_; }

  private:
    Backend& backend_;
    const Problem& problem_;
    TrainingData& data_;
    std::vector<Network> networks_;
    std::filesystem::path directory_;
    std::string configuration_;
    std::int64_t adam_total_, total_, step_ = 0;  // steps of Adam, then iterations of lm
    std::size_t parameters_;
    std::vector<double> weights_, first_, second_, average_;  // (models, parameters)
    std::vector<std::int64_t> applied_, failed_, skipped_, truncated_;
    std::vector<AdamSpec> adam_;
    LossSpec loss_;
    std::optional<LevenbergMarquardt> lm_;
    std::optional<Rollback> rollback_;
    std::vector<Metrics> metrics_;
    double seconds_ = 0;  // before this process
    std::string best_;
    double best_loss_;

    // sums over the steps so far of the interval that step_ lies in; empty before its first
    struct Interval {
        std::int64_t steps = 0;
        std::vector<double> loss, grad_norm;  // (models)
        std::vector<std::int64_t> truncated;  // (models)
        std::vector<std::int64_t> condition;  // (models, condition_bins)
    } interval_;
    void add(const TrainReport&, std::int64_t steps);
    void close_interval(std::span<const double> rates, double seconds);

    using Clock = std::chrono::steady_clock;
    Clock::time_point start_;
    double step_seconds_;    // of Adam's last slice
    double seconds() const;  // of training, since the start of the run
    // Where an interval ends, models are judged and regular checkpoints may fall, so that neither depends on the clock.
    struct Advance {
        bool ended;  // an interval
        bool checkpoint_due;
    };
    Advance advance_adam();                      // a slice, up to the end of its interval at most
    Advance advance_lm();                        // an iteration
    std::vector<double> learning_rates() const;  // (models) of the last step
    std::int64_t interval_steps() const;
    TrainState train_state();
    AdamSpec spec_now(std::size_t m) const;         // after its rollbacks
    std::int64_t rolled_back(std::size_t m) const;  // steps
    bool all_finite() const;
    bool is_lost(std::size_t m) const;  // one of its numbers is not finite
    void roll_back_bad_models();
    // a model with a number that is not finite, or without one good step of Adam, has failed; zeros, which files can
    // hold, stand for what is lost
    void stop_lost_models();
    void save(double seconds);
    double recent_loss() const;
};

}  // namespace lnn
