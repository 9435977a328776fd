// Training of one or more models side by side: slices of Adam's steps, then iterations of lm where they are wanted;
// metrics, checkpoints, resume.
//
// Everything a step depends on is keyed by its global number, so that a run that was cut off anywhere and resumed
// from its last checkpoint gives the same bits as one that was not.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "terminal/progress.hpp"
#include "terminal/signals.hpp"
#include "training/metrics.hpp"
#include "training/optimizer.hpp"
#include "training/training_data.hpp"

namespace lnn {

struct Checkpoint;

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
    Trainer(Trainer&&) = delete;  // its optimizers know where its states are

    void restore(const Checkpoint&);  // Exit::file where it is of another configuration or other data
    TrainingOutcome run(Progress&, double max_seconds);

    // what was learned: averaged weights where averaging is on
    std::vector<Network> networks() const;
    const std::vector<Metrics>& metrics() const { return metrics_; }

  private:
    const Problem& problem_;
    TrainingData& data_;
    std::vector<Network> networks_;
    std::filesystem::path directory_;
    std::string configuration_, data_hash_;       // of the data: empty where they are of no file
    std::int64_t adam_total_, total_, step_ = 0;  // steps of Adam, then iterations of lm
    ModelStates states_;
    struct Stage {
        std::unique_ptr<Optimizer> optimizer;
        std::int64_t end;  // step after its last
    };
    std::vector<Stage> stages_;
    std::vector<Metrics> metrics_;
    double seconds_ = 0;  // before this process
    std::string best_;
    double best_loss_;

    using Clock = std::chrono::steady_clock;
    Clock::time_point start_;
    double seconds() const;        // of training, since the start of the run
    Optimizer& optimizer() const;  // of the next step
    Optimizer::Tensors tensors();  // what a checkpoint holds beside the model
    // a model with a number that is not finite, or without one good step of Adam, has failed
    void stop_lost_models();
    void save(double seconds);
    double recent_loss() const;
};

}  // namespace lnn
