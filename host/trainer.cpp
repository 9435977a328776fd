#include "trainer.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "config/write.hpp"
#include "files/atomic_file.hpp"
#include "lnn/adam.hpp"

namespace lnn {

namespace {

constexpr int metric_intervals = 500;    // rows of metrics.csv for each model, about
constexpr double slice_seconds = 0.25;   // longest stretch without a look at signals
constexpr std::size_t slice_samples = 1 << 20;  // states held at once, over all models

// edge of the bin below which 99 % of the counts lie
double percentile99(const std::int64_t* bins) {
    std::int64_t total = 0, below = 0;
    for (int b = 0; b < condition_bins; ++b) total += bins[b];
    if (total == 0) return std::numeric_limits<double>::quiet_NaN();
    for (int b = 0; b < condition_bins; ++b)
        if ((below += bins[b]) * 100 >= total * 99) return std::exp2(b + 1);
    return std::numeric_limits<double>::infinity();
}

// JSON has no word for inf and nan, which a sum of losses may be
std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
    std::vector<std::uint64_t> bits;
    for (const double value : values) bits.push_back(std::bit_cast<std::uint64_t>(value));
    return bits;
}

std::vector<double> from_bits(const nlohmann::json& bits) {
    std::vector<double> values;
    for (const auto value : bits.get<std::vector<std::uint64_t>>()) values.push_back(std::bit_cast<double>(value));
    return values;
}

Tensor state_tensor(const char* name, std::size_t models, const std::vector<double>& values) {
    return {name, {models, values.size() / models}, true, values};
}

}  // namespace

Trainer::Trainer(Backend& backend, const Config& config, TrainingData& data, std::vector<Network> networks,
                 std::vector<AdamSpec> adam, std::filesystem::path directory)
    : backend_(backend),
      config_(config),
      data_(data),
      networks_(std::move(networks)),
      directory_(std::move(directory)),
      adam_total_(adam_steps(config, data.samples())),
      total_(total_steps(config, data.samples())),
      parameters_(networks_[0].weights.size()),
      adam_(std::move(adam)),
      best_loss_(std::numeric_limits<double>::infinity()) {
    const std::size_t models = networks_.size();
    for (const Network& network : networks_) weights_.insert(weights_.end(), network.weights.begin(), network.weights.end());
    average_ = weights_;
    first_.assign(weights_.size(), 0.0);
    second_.assign(weights_.size(), 0.0);
    applied_.assign(models, 0);
    failed_.assign(models, -1);
    skipped_.assign(models, 0);
    truncated_.assign(models, 0);
    loss_ = loss_spec(config);
    if (loss_.balance == Balance::scale) {
        const auto scale = data.acceleration_scale();
        std::copy(scale.begin(), scale.end(), loss_.scale.begin());
    }
    if (is_lm(config)) lm_.emplace(backend, config, int(models), loss_.scale);
}

std::vector<Network> Trainer::networks() const {
    std::vector<Network> result = networks_;
    for (std::size_t m = 0; m < result.size(); ++m) {
        const std::vector<double>& source = adam_[m].ema > 0 ? average_ : weights_;
        result[m].weights.assign(source.begin() + m * parameters_, source.begin() + (m + 1) * parameters_);
    }
    return result;
}

void Trainer::add(const TrainReport& report, std::int64_t steps) {
    const std::size_t models = networks_.size();
    interval_.loss.resize(models);
    interval_.grad_norm.resize(models);
    interval_.condition.resize(models * condition_bins);
    interval_.steps += steps;
    for (std::size_t m = 0; m < models; ++m) {
        for (std::int64_t k = 0; k < steps; ++k) {
            interval_.loss[m] += report.loss[m * steps + k];
            interval_.grad_norm[m] += report.grad_norm[m * steps + k];
        }
        skipped_[m] += report.skipped[m];
        truncated_[m] += report.truncated[m];
    }
    for (std::size_t i = 0; i < interval_.condition.size(); ++i) interval_.condition[i] += report.condition[i];
}

void Trainer::close_interval(double seconds) {
    const double per_epoch = double(steps_per_epoch(config_, data_.samples())), steps = double(interval_.steps);
    for (std::size_t m = 0; m < networks_.size(); ++m)
        metrics_.push_back({step_, double(step_) / per_epoch, data_.seeds()[m], interval_.loss[m] / steps,
                            learning_rate(adam_[m].schedule, step_ - 1), interval_.grad_norm[m] / steps, skipped_[m],
                            truncated_[m], percentile99(&interval_.condition[m * condition_bins]), seconds});
    interval_ = {};
}

// mean over the models still alive of the last interval's loss
double Trainer::recent_loss() const {
    double sum = 0;
    int alive = 0;
    for (std::size_t i = metrics_.size() - std::min(metrics_.size(), networks_.size()); i < metrics_.size(); ++i)
        if (std::isfinite(metrics_[i].loss)) sum += metrics_[i].loss, ++alive;
    return alive ? sum / alive : std::numeric_limits<double>::infinity();
}

bool Trainer::all_finite() const {
    for (const auto* part : {&weights_, &first_, &second_, &average_})
        if (!std::all_of(part->begin(), part->end(), [](double x) { return std::isfinite(x); })) return false;
    return true;
}

void Trainer::stop_lost_models() {
    for (std::size_t m = 0; m < networks_.size(); ++m) {
        std::span<double> parts[] = {weights_, first_, second_, average_};
        bool lost = false;
        for (std::span<double>& part : parts) {
            part = part.subspan(m * parameters_, parameters_);
            lost |= !std::all_of(part.begin(), part.end(), [](double x) { return std::isfinite(x); });
        }
        if (lost)
            for (const std::span<double> part : parts) std::fill(part.begin(), part.end(), 0.0);
        if (failed_[m] < 0 && (lost || (step_ == adam_total_ && applied_[m] == 0))) failed_[m] = step_;
    }
}

void Trainer::save(double seconds) {
    if (directory_.empty()) return;
    const std::size_t models = networks_.size();
    Checkpoint checkpoint;
    checkpoint.name = checkpoint_name(step_);
    const auto alive = std::find_if(failed_.begin(), failed_.end(), [](std::int64_t f) { return f < 0; });
    const Safetensors model = network_file(networks()[alive - failed_.begin()], weights_in_f64(config_));
    checkpoint.model = model.tensors;
    checkpoint.model_metadata = model.metadata;
    checkpoint.optimizer = {state_tensor("weights", models, weights_), state_tensor("first", models, first_),
                            state_tensor("second", models, second_), state_tensor("average", models, average_)};
    if (const double loss = recent_loss(); loss < best_loss_) {
        best_loss_ = loss;
        best_ = checkpoint.name;
    }
    checkpoint.state = {{"step", step_},          {"steps", total_},         {"config", config_to_toml(config_)},
                        {"applied", applied_},    {"failed", failed_},       {"skipped", skipped_},
                        {"truncated", truncated_}, {"seconds", seconds},     {"best", best_}};
    checkpoint.state["interval"] = {{"steps", interval_.steps},
                                    {"loss", bits_of(interval_.loss)},
                                    {"grad_norm", bits_of(interval_.grad_norm)},
                                    {"condition", interval_.condition}};
    if (lm_) checkpoint.state["lm"] = {{"damping", bits_of(lm_->damping)}, {"rejected", lm_->rejected}};
    if (std::isfinite(best_loss_)) checkpoint.state["best_loss"] = best_loss_;
    write_file(directory_ / "metrics.csv", metrics_csv(metrics_), true);
    write_checkpoint(directory_, checkpoint, config_.train.keep, best_);
}

void Trainer::restore(const Checkpoint& checkpoint) {
    const auto refuse = [&](const std::string& why) {
        throw Error(Exit::file, fmt::format("{}: checkpoint {} {}; resume the run it belongs to, or start anew with --force",
                                            directory_.string(), checkpoint.name, why));
    };
    const nlohmann::json& state = checkpoint.state;
    try {
        if (state.at("config") != config_to_toml(config_)) refuse("is of another configuration");
        if (state.at("steps") != total_) refuse("was made with another number of samples");
        step_ = state.at("step");
        applied_ = state.at("applied").get<std::vector<std::int64_t>>();
        failed_ = state.at("failed").get<std::vector<std::int64_t>>();
        skipped_ = state.at("skipped").get<std::vector<std::int64_t>>();
        truncated_ = state.at("truncated").get<std::vector<std::int64_t>>();
        seconds_ = state.at("seconds");
        best_ = state.at("best");
        const nlohmann::json& interval = state.at("interval");
        interval_.steps = interval.at("steps");
        interval_.loss = from_bits(interval.at("loss"));
        interval_.grad_norm = from_bits(interval.at("grad_norm"));
        interval_.condition = interval.at("condition").get<std::vector<std::int64_t>>();
        if (lm_) {
            lm_->damping = from_bits(state.at("lm").at("damping"));
            lm_->rejected = state.at("lm").at("rejected").get<std::vector<std::int64_t>>();
            if (lm_->damping.size() != networks_.size() || lm_->rejected.size() != networks_.size())
                refuse("is of another number of models");
        }
        if (state.contains("best_loss")) best_loss_ = state.at("best_loss");
    } catch (const nlohmann::json::exception& error) {
        refuse(fmt::format("has a malformed state.json ({})", error.what()));
    }
    const std::size_t summed = interval_.steps > 0 ? networks_.size() : 0;
    for (const auto* counts : {&applied_, &failed_, &skipped_, &truncated_})
        if (counts->size() != networks_.size()) refuse("is of another number of models");
    if (interval_.loss.size() != summed || interval_.grad_norm.size() != summed ||
        interval_.condition.size() != summed * condition_bins)
        refuse("is of another number of models");
    const std::pair<const char*, std::vector<double>*> parts[] = {
        {"weights", &weights_}, {"first", &first_}, {"second", &second_}, {"average", &average_}};
    if (checkpoint.optimizer.size() != std::size(parts)) refuse("has an optimizer state of another shape");
    for (std::size_t i = 0; i < std::size(parts); ++i) {
        const Tensor& tensor = checkpoint.optimizer[i];
        if (tensor.name != parts[i].first || tensor.values.size() != parts[i].second->size())
            refuse("has an optimizer state of another shape");
        *parts[i].second = tensor.values;
    }
    prune_checkpoints(directory_, config_.train.keep, checkpoint.name, best_);  // a killed writer may not have come to it
    metrics_ = read_metrics(directory_ / "metrics.csv");
    std::erase_if(metrics_, [&](const Metrics& m) { return m.step > step_; });
}

double Trainer::seconds() const {
    return seconds_ + std::chrono::duration<double>(Clock::now() - start_).count();
}

Trainer::Advance Trainer::advance_adam() {
    const std::size_t models = networks_.size();
    const std::int64_t every = std::max<std::int64_t>(1, (adam_total_ + metric_intervals - 1) / metric_intervals);
    const std::int64_t checkpoint_every =
        config_.train.checkpoint_every * steps_per_epoch(config_, data_.samples());
    const std::int64_t most = std::max<std::int64_t>(1, slice_samples / (models * config_.train.batch));
    const TrainJob job{networks_[0].spec, int(models), config_.train.batch, precision_of(config_.run.precision), solve_spec(config_),
                       loss_, adam_};
    const std::int64_t end = std::min(adam_total_, (step_ / every + 1) * every);
    const std::int64_t wanted = std::max<std::int64_t>(1, std::int64_t(slice_seconds / step_seconds_));
    const std::int64_t count = std::min({end - step_, wanted, most});
    TrainState state{weights_, first_, second_, average_, applied_, failed_};
    const TrainReport report = backend_.train(job, data_.slice(step_, count), state, step_, count);
    step_seconds_ = std::max(report.seconds, 1e-9) / double(count);
    step_ += count;
    add(report, count);
    const std::int64_t began = (step_ - 1) / every * every;
    return {step_ == end, step_ == end && step_ / checkpoint_every > began / checkpoint_every};
}

Trainer::Advance Trainer::advance_lm() {
    const std::size_t models = networks_.size();
    const std::int64_t done = step_ - adam_total_, set = data_.samples();
    std::int64_t before = adam_total_ * config_.train.batch;  // samples of the stream
    for (std::int64_t i = 0; i < done; ++i) before += lm_samples(config_, set, i);
    if (done == 0)  // of models with an average, that is what goes on
        for (std::size_t m = 0; m < models; ++m)
            if (adam_[m].ema > 0) std::copy_n(average_.begin() + m * parameters_, parameters_, weights_.begin() + m * parameters_);
    const TrainData batch = data_.gather(before, lm_samples(config_, set, done));

    // loss and norm as Adam reports them
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> loss(models, none), norm(models, none), gradient(parameters_);
    for (std::size_t m = 0; m < models; ++m) {
        if (failed_[m] >= 0) continue;
        const Models model{networks_[0].spec, 1, std::span(weights_).subspan(m * parameters_, parameters_)};
        const auto own = [&](std::span<const double> all) {
            return all.subspan(m * all.size() / models, all.size() / models);
        };
        backend_.gradient(model, solve_spec(config_), loss_, precision_of(config_.run.precision), own(batch.states),
                          own(batch.accelerations), std::span(loss).subspan(m, 1), gradient);
        norm[m] = std::sqrt(std::inner_product(gradient.begin(), gradient.end(), gradient.begin(), 0.0));
    }
    const auto report = lm_->iterate(networks_[0].spec, weights_, batch.states, batch.accelerations, failed_);
    average_ = weights_;
    ++step_;

    const double adam_epochs = double(adam_total_) / double(steps_per_epoch(config_, set));
    for (std::size_t m = 0; m < models; ++m) {
        truncated_[m] += report[m].truncated;
        metrics_.push_back({step_, adam_epochs + double(done + 1), data_.seeds()[m],
                            loss[m], none, norm[m], skipped_[m], truncated_[m], none, seconds(),
                            report[m].cost, report[m].damping, report[m].accepted});
    }
    return {true, (done + 1) % config_.train.checkpoint_every == 0};
}

TrainingOutcome Trainer::run(Progress& progress, double max_seconds) {
    start_ = Clock::now();
    step_seconds_ = slice_seconds;  // the first slice is a single step
    TrainingOutcome outcome;
    if (step_ == 0) save(seconds());  // even a run that fails at once leaves a good one
    while (step_ < total_) {
        const bool adam = step_ < adam_total_;
        const Advance advance = adam ? advance_adam() : advance_lm();
        if (advance.ended) stop_lost_models();
        if (advance.ended && adam) close_interval(seconds());
        std::string note = fmt::format("loss {:.4g}", recent_loss());
        if (!adam)
            note += fmt::format(", damping {:.2g}{}", metrics_.back().damping, metrics_.back().accepted ? "" : ", no step");
        progress.show(step_, note);
        // a stop may come within an interval, unless a model waits to be judged, which no file could hold
        if (!advance.ended && !all_finite()) continue;
        const bool all_failed = std::all_of(failed_.begin(), failed_.end(), [](std::int64_t f) { return f >= 0; });
        outcome.stop = stop_requested();
        outcome.out_of_time = max_seconds > 0 && seconds() - seconds_ >= max_seconds;
        const bool leave =
            step_ == total_ || (advance.ended && all_failed) || outcome.stop != Stop::none || outcome.out_of_time;
        if (!all_failed && (leave || advance.checkpoint_due)) save(seconds());
        if (leave) break;
    }
    outcome.steps = step_;
    outcome.seconds = seconds();
    outcome.failed = failed_;
    outcome.skipped = skipped_;
    outcome.truncated = truncated_;
    if (lm_) outcome.stalled = lm_->rejected;
    return outcome;
}

}  // namespace lnn
