#include "training/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files/atomic_file.hpp"
#include "files/checkpoint.hpp"
#include "files/hash.hpp"
#include "files/run_files.hpp"
#include "training/adam.hpp"
#include "training/lm.hpp"

namespace lnn {

namespace {

constexpr double most_seconds = 1e10;  // that a training took; three centuries

ModelStates states_of(const std::vector<Network>& networks, const std::vector<AdamSpec>& adam) {
    std::vector<double> start;
    for (const Network& network : networks) start.insert(start.end(), network.weights.begin(), network.weights.end());
    std::vector<bool> averaged;
    for (const AdamSpec& spec : adam) averaged.push_back(spec.ema > 0);
    return {start, averaged};
}

// Of the numbers of a file that training sees, for a file may change between two processes. Empty where none is read:
// generated data are what the configuration says, but for the last bits of another backend.
std::string hash_of_file(const Problem& problem, const TrainingData& data) {
    if (problem.data.source != DataSpec::file) return "";
    std::uint64_t hash = no_bytes;
    for (const Dataset& set : data.sets())
        for (const std::vector<double>* numbers : {&set.q, &set.v, &set.a})
            hash = hash_of({reinterpret_cast<const char*>(numbers->data()), numbers->size() * sizeof(double)}, hash);
    return fmt::format("{:016x}", hash);
}

}  // namespace

Trainer::Trainer(Backend& backend, const Problem& problem, TrainingData& data, std::vector<Network> networks,
                 std::vector<AdamSpec> adam, std::filesystem::path directory, std::string configuration)
    : problem_(problem),
      data_(data),
      networks_(std::move(networks)),
      directory_(std::move(directory)),
      configuration_(std::move(configuration)),
      data_hash_(directory_.empty() ? "" : hash_of_file(problem, data)),
      adam_total_(problem.train.adam_steps(data.samples())),
      total_(problem.train.total_steps(data.samples())),
      states_(states_of(networks_, adam)),
      best_loss_(std::numeric_limits<double>::infinity()) {
    LossSpec loss = problem.train.loss;
    if (loss.balance == Balance::scale) {
        const auto scale = data.acceleration_scale();
        std::copy(scale.begin(), scale.end(), loss.scale.begin());
    }
    stages_.push_back(
        {std::make_unique<Adam>(backend, problem, loss, std::move(adam), adam_total_, data, states_), adam_total_});
    if (problem.train.lm)
        stages_.push_back({std::make_unique<Lm>(backend, problem, loss, adam_total_, data, states_), total_});
}

std::vector<Network> Trainer::networks() const {
    std::vector<Network> result = networks_;
    for (std::size_t m = 0; m < result.size(); ++m) {
        const auto source = states_.learned(m).begin() + m * states_.parameters;
        result[m].weights.assign(source, source + states_.parameters);
    }
    return result;
}

// mean over the models still alive of the last interval's loss
double Trainer::recent_loss() const {
    double sum = 0;
    int alive = 0;
    for (std::size_t i = metrics_.size() - std::min(metrics_.size(), networks_.size()); i < metrics_.size(); ++i)
        if (std::isfinite(metrics_[i].loss)) sum += metrics_[i].loss, ++alive;
    return alive ? sum / alive : std::numeric_limits<double>::infinity();
}

Optimizer& Trainer::optimizer() const {
    return *std::find_if(stages_.begin(), stages_.end(), [&](const Stage& s) { return step_ < s.end; })->optimizer;
}

Optimizer::Tensors Trainer::tensors() {
    Optimizer::Tensors all = {{"weights", &states_.weights},
                              {"first", &states_.first},
                              {"second", &states_.second},
                              {"average", &states_.average}};
    for (const Stage& stage : stages_)
        for (const auto& tensor : stage.optimizer->tensors()) all.push_back(tensor);
    return all;
}

void Trainer::stop_lost_models() {
    for (std::size_t m = 0; m < networks_.size(); ++m) {
        const bool lost = states_.is_lost(m);
        if (lost) states_.clear(m);
        if (states_.failed[m] < 0 && (lost || (step_ == adam_total_ && states_.applied[m] == 0)))
            states_.failed[m] = step_;
    }
}

void Trainer::save(double seconds) {
    const std::vector<std::int64_t>& failed = states_.failed;
    const auto alive = std::find(failed.begin(), failed.end(), -1);
    if (directory_.empty() || alive == failed.end()) return;
    const std::size_t models = networks_.size();
    Checkpoint checkpoint;
    checkpoint.name = checkpoint_name(step_);
    const Safetensors model = network_file(networks()[alive - failed.begin()], problem_.f64_weights);
    checkpoint.model = model.tensors;
    checkpoint.model_metadata = model.metadata;
    for (const auto& [name, values] : tensors())
        checkpoint.optimizer.push_back({name, {models, values->size() / models}, true, *values});
    if (const double loss = recent_loss(); loss < best_loss_) {
        best_loss_ = loss;
        best_ = checkpoint.name;
    }
    checkpoint.state = {{"step", step_},
                        {"steps", total_},
                        {"config", configuration_},
                        {"applied", states_.applied},
                        {"failed", failed},
                        {"skipped", states_.skipped},
                        {"truncated", states_.truncated},
                        {"seconds", seconds},
                        {"best", best_}};
    if (!data_hash_.empty()) checkpoint.state["data"] = data_hash_;
    for (const Stage& stage : stages_) stage.optimizer->save(checkpoint.state);
    if (std::isfinite(best_loss_)) checkpoint.state["best_loss"] = best_loss_;
    write_file(directory_ / run_files::metrics, metrics_csv(metrics_), true);
    write_checkpoint(directory_, checkpoint, problem_.train.keep, best_);
}

void Trainer::restore(const Checkpoint& checkpoint) {
    const auto refuse = [&](const std::string& why) {
        throw Error(Exit::file,
                    fmt::format("{}: checkpoint {} {}; resume the run it belongs to, or start anew with --force",
                                directory_.string(), checkpoint.name, why));
    };
    const JsonField state = fields_of(directory_, checkpoint);
    if (state.at("config").text() != configuration_) refuse("is of another configuration");
    if (state.at("steps").count() != total_) refuse("was made with another number of samples");
    // one of an earlier version does not say
    if (const auto data = state.find("data"); data && data->text() != data_hash_)
        throw Error(Exit::file,
                    fmt::format("{}: checkpoint {} was made from other data than {} holds now; restore that "
                                "file, or start anew with --force",
                                directory_.string(), checkpoint.name, problem_.data.path));
    const std::size_t models = networks_.size();
    step_ = state.at("step").integer(0, total_);
    if (checkpoint.name != checkpoint_name(step_)) refuse(fmt::format("says that it is of step {}", step_));
    states_.applied = state.at("applied").integers(models, 0, step_);
    states_.failed = state.at("failed").integers(models, -1, step_);
    if (states_.all_failed()) refuse("says that all its models failed");
    states_.skipped = state.at("skipped").integers(models, 0, step_);
    states_.truncated = state.at("truncated").counts(models);
    seconds_ = state.at("seconds").number(0, most_seconds);
    best_ = state.at("best").text();
    if (const auto loss = state.find("best_loss")) best_loss_ = loss->number();
    for (const Stage& stage : stages_) stage.optimizer->restore(state, refuse);
    const Optimizer::Tensors parts = tensors();
    if (checkpoint.optimizer.size() != parts.size()) refuse("has an optimizer state of another shape");
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Tensor& tensor = checkpoint.optimizer[i];
        if (tensor.name != parts[i].first || tensor.values.size() != parts[i].second->size())
            refuse("has an optimizer state of another shape");
        *parts[i].second = tensor.values;
    }
    prune_checkpoints(directory_, problem_.train.keep, checkpoint.name,
                      best_);  // a killed writer may not have come to it
    metrics_ = read_metrics(directory_ / run_files::metrics);
    std::erase_if(metrics_, [&](const Metrics& m) { return m.step > step_; });
}

double Trainer::seconds() const { return seconds_ + std::chrono::duration<double>(Clock::now() - start_).count(); }

TrainingOutcome Trainer::run(Progress& progress, double max_seconds) {
    start_ = Clock::now();
    TrainingOutcome outcome;
    if (step_ == 0) save(seconds());  // even a run that fails at once leaves a good one
    while (step_ < total_) {
        Optimizer& stage = optimizer();
        Optimizer::Slice slice;
        try {
            slice = stage.advance(step_);
        } catch (const Error& error) {  // a device that fails leaves everything as the last slice had it
            if (error.exit() == Exit::backend && states_.all_finite()) try {
                    save(seconds());
                } catch (const Error&) {  // the device's failure is what is to be told
                }
            throw;
        }
        step_ += slice.steps;
        if (slice.ends_interval) {
            for (const Metrics& row : stage.end_interval(step_, seconds())) metrics_.push_back(row);
            stop_lost_models();
        }
        const std::string loss = fmt::format("loss {:.4g}", recent_loss());
        progress.show(step_, metrics_.empty() ? loss : loss + stage.note(metrics_.back()));
        // a stop may come within an interval, unless a model waits to be judged, which no file could hold
        if (!slice.ends_interval && !states_.all_finite()) continue;
        const bool all_failed = states_.all_failed();
        outcome.stop = stop_requested();
        outcome.out_of_time = max_seconds > 0 && seconds() - seconds_ >= max_seconds;
        const bool leave =
            step_ == total_ || (slice.ends_interval && all_failed) || outcome.stop != Stop::none || outcome.out_of_time;
        if (!all_failed && (leave || slice.checkpoint_due)) save(seconds());
        if (leave) break;
    }
    outcome.steps = step_;
    outcome.seconds = seconds();
    outcome.failed = states_.failed;
    outcome.skipped = states_.skipped;
    outcome.rolled_back = states_.rolled_back;
    outcome.truncated = states_.truncated;
    outcome.stalled = states_.stalled;
    return outcome;
}

}  // namespace lnn
