#include "trainer.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "config/write.hpp"
#include "files/atomic_file.hpp"
#include "lnn/adam.hpp"

namespace lnn {

namespace {

constexpr const char* metrics_header =
    "step,epoch,seed,loss,lr,grad_norm,skipped,truncated,cond_p99,seconds\n";
constexpr int metric_intervals = 500;    // rows of metrics.csv for each model, about
constexpr double slice_seconds = 0.25;   // longest stretch without a look at signals
constexpr std::size_t slice_samples = 1 << 20;  // states held at once, over all models

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// edge of the bin below which 99 % of the counts lie
double percentile99(const std::int64_t* bins) {
    std::int64_t total = 0, below = 0;
    for (int b = 0; b < condition_bins; ++b) total += bins[b];
    if (total == 0) return std::numeric_limits<double>::quiet_NaN();
    for (int b = 0; b < condition_bins; ++b)
        if ((below += bins[b]) * 100 >= total * 99) return std::exp2(b + 1);
    return std::numeric_limits<double>::infinity();
}

Tensor state_tensor(const char* name, std::size_t models, const std::vector<double>& values) {
    return {name, {models, values.size() / models}, true, values};
}

}  // namespace

std::string metrics_csv(const std::vector<Metrics>& rows) {
    std::string text = metrics_header;
    for (const Metrics& m : rows)
        text += fmt::format("{},{:.6g},{},{:.9g},{:.9g},{:.9g},{},{},{:.9g},{:.3f}\n", m.step, m.epoch, m.seed, m.loss, m.lr,
                            m.grad_norm, m.skipped, m.truncated, m.cond_p99, m.seconds);
    return text;
}

std::vector<Metrics> read_metrics(const std::filesystem::path& path) {
    const std::string text = read_file(path);
    if (!text.starts_with(metrics_header))
        throw Error(Exit::file, fmt::format("{}: not a metrics file of this version", path.string()));
    std::vector<Metrics> rows;
    const char* at = text.data() + std::string_view(metrics_header).size();
    const char* const end = text.data() + text.size();
    const auto field = [&](auto& value, char after) {
        const auto [next, error] = std::from_chars(at, end, value);
        if (error != std::errc() || next == end || *next != after)
            throw Error(Exit::file, fmt::format("{}:{}: malformed row; start the run anew with --force", path.string(),
                                                rows.size() + 2));
        at = next + 1;
    };
    while (at < end) {
        Metrics m{};
        field(m.step, ','), field(m.epoch, ','), field(m.seed, ','), field(m.loss, ','), field(m.lr, ',');
        field(m.grad_norm, ','), field(m.skipped, ','), field(m.truncated, ','), field(m.cond_p99, ',');
        field(m.seconds, '\n');
        rows.push_back(m);
    }
    return rows;
}

Trainer::Trainer(Backend& backend, const Config& config, TrainingData& data, std::vector<Network> networks,
                 std::filesystem::path directory)
    : backend_(backend),
      config_(config),
      data_(data),
      networks_(std::move(networks)),
      directory_(std::move(directory)),
      total_(total_steps(config, data.samples())),
      parameters_(networks_[0].weights.size()),
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
    adam_.assign(models, adam_spec(config, data.samples()));
    loss_ = loss_spec(config);
    if (loss_.balance == Balance::scale) {
        const auto scale = data.acceleration_scale();
        std::copy(scale.begin(), scale.end(), loss_.scale.begin());
    }
}

std::vector<Network> Trainer::networks() const {
    std::vector<Network> result = networks_;
    const std::vector<double>& source = config_.train.ema > 0 ? average_ : weights_;
    for (std::size_t m = 0; m < result.size(); ++m)
        result[m].weights.assign(source.begin() + m * parameters_, source.begin() + (m + 1) * parameters_);
    return result;
}

void Trainer::add(Interval& interval, const TrainReport& report, std::int64_t steps) const {
    const std::size_t models = networks_.size();
    interval.loss.resize(models);
    interval.grad_norm.resize(models);
    interval.condition.resize(models * condition_bins);
    interval.steps += steps;
    for (std::size_t m = 0; m < models; ++m)
        for (std::int64_t k = 0; k < steps; ++k) {
            interval.loss[m] += report.loss[m * steps + k];
            interval.grad_norm[m] += report.grad_norm[m * steps + k];
        }
    for (std::size_t i = 0; i < interval.condition.size(); ++i) interval.condition[i] += report.condition[i];
}

void Trainer::close(Interval& interval, double seconds) {
    const double per_epoch = double(steps_per_epoch(config_, data_.samples()));
    for (std::size_t m = 0; m < networks_.size(); ++m)
        metrics_.push_back({step_, double(step_) / per_epoch, config_.run.seed + m, interval.loss[m] / double(interval.steps),
                            learning_rate(adam_[m].schedule, step_ - 1), interval.grad_norm[m] / double(interval.steps),
                            skipped_[m], truncated_[m], percentile99(&interval.condition[m * condition_bins]), seconds});
    interval = {};
}

// mean over the models still alive of the last interval's loss
double Trainer::recent_loss() const {
    double sum = 0;
    int alive = 0;
    for (std::size_t i = metrics_.size() - std::min(metrics_.size(), networks_.size()); i < metrics_.size(); ++i)
        if (std::isfinite(metrics_[i].loss)) sum += metrics_[i].loss, ++alive;
    return alive ? sum / alive : std::numeric_limits<double>::infinity();
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
        if (failed_[m] < 0 && (lost || (step_ == total_ && applied_[m] == 0))) failed_[m] = step_;
    }
}

void Trainer::save(double seconds) {
    const std::size_t models = networks_.size();
    Checkpoint checkpoint;
    checkpoint.name = checkpoint_name(step_);
    const auto alive = std::find_if(failed_.begin(), failed_.end(), [](std::int64_t f) { return f < 0; });
    const Safetensors model = network_file(networks()[alive - failed_.begin()], config_.run.precision == "f64");
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
        if (state.contains("best_loss")) best_loss_ = state.at("best_loss");
    } catch (const nlohmann::json::exception& error) {
        refuse(fmt::format("has a malformed state.json ({})", error.what()));
    }
    const std::pair<const char*, std::vector<double>*> parts[] = {
        {"weights", &weights_}, {"first", &first_}, {"second", &second_}, {"average", &average_}};
    if (checkpoint.optimizer.size() != std::size(parts)) refuse("has an optimizer state of another shape");
    for (std::size_t i = 0; i < std::size(parts); ++i) {
        const Tensor& tensor = checkpoint.optimizer[i];
        if (tensor.name != parts[i].first || tensor.values.size() != parts[i].second->size())
            refuse("has an optimizer state of another shape");
        *parts[i].second = tensor.values;
    }
    metrics_ = read_metrics(directory_ / "metrics.csv");
    std::erase_if(metrics_, [&](const Metrics& m) { return m.step > step_; });
}

TrainingOutcome Trainer::run(Progress& progress, double max_seconds) {
    const auto start = Clock::now();
    const std::size_t models = networks_.size();
    const std::int64_t every = std::max<std::int64_t>(1, (total_ + metric_intervals - 1) / metric_intervals);
    const std::int64_t checkpoint_every =
        config_.train.checkpoint_every * steps_per_epoch(config_, data_.samples());
    const std::int64_t most = std::max<std::int64_t>(1, slice_samples / (models * config_.train.batch));
    const TrainJob job{networks_[0].spec, int(models), config_.train.batch, precision_of(config_.run.precision), solve_spec(config_),
                       loss_, adam_};
    TrainingOutcome outcome;
    Interval interval;
    double step_seconds = 1e-3;  // a first guess, replaced by what is measured
    if (step_ == 0) save(seconds_);  // even a run that fails at once leaves a good one
    while (step_ < total_) {
        // an interval is summed as a whole: a checkpoint and a stop fall on its end
        const std::int64_t end = std::min(total_, (step_ / every + 1) * every);
        const std::int64_t wanted = std::max<std::int64_t>(1, std::int64_t(slice_seconds / step_seconds));
        const std::int64_t count = std::min({end - step_, wanted, most});
        const auto slice_start = Clock::now();
        TrainState state{weights_, first_, second_, average_, applied_, failed_};
        const TrainReport report = backend_.train(job, data_.slice(step_, count), state, step_, count);
        step_seconds = since(slice_start) / double(count);
        step_ += count;
        for (std::size_t m = 0; m < models; ++m) {
            skipped_[m] += report.skipped[m];
            truncated_[m] += report.truncated[m];
        }
        add(interval, report, count);
        if (step_ < end) continue;

        const double seconds = seconds_ + since(start);
        stop_lost_models();
        close(interval, seconds);
        progress.show(step_, fmt::format("loss {:.4g}", recent_loss()));
        const bool all_failed = std::all_of(failed_.begin(), failed_.end(), [](std::int64_t f) { return f >= 0; });
        outcome.stop = stop_requested();
        outcome.out_of_time = max_seconds > 0 && since(start) >= max_seconds;
        const bool leave = step_ == total_ || all_failed || outcome.stop != Stop::none || outcome.out_of_time;
        const std::int64_t previous = (step_ - 1) / every * every;  // where the interval began
        if (!all_failed && (leave || step_ / checkpoint_every > previous / checkpoint_every)) save(seconds);
        if (leave) break;
    }
    outcome.steps = step_;
    outcome.seconds = seconds_ + since(start);
    outcome.failed = failed_;
    outcome.skipped = skipped_;
    outcome.truncated = truncated_;
    return outcome;
}

}  // namespace lnn
