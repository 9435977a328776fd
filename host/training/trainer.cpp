#include "training/trainer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "files/atomic_file.hpp"
#include "lnn/adam.hpp"

namespace lnn {

namespace {

constexpr int metric_intervals = 500;  // rows of metrics.csv for each model, about
constexpr int judged_intervals = 5;    // together make a period of a rollback: a hundredth of the steps
constexpr std::array good_names = {"good_weights", "good_first", "good_second", "good_average"};
constexpr double most_seconds = 1e10;           // that a training took; three centuries
constexpr double slice_seconds = 0.25;          // longest stretch without a look at signals
constexpr std::size_t slice_samples = 1 << 20;  // states held at once, over all models

// edge of the bin below which that share of the counts lies
double percentile(std::span<const std::int64_t> bins, double share) {
    const std::int64_t total = std::accumulate(bins.begin(), bins.end(), std::int64_t{0});
    if (total == 0) return std::numeric_limits<double>::quiet_NaN();
    std::int64_t below = 0;
    std::size_t b = 0;
    while (double(below += bins[b]) < share * double(total)) ++b;
    return std::exp2(double(b + 1));
}

Tensor state_tensor(const char* name, std::size_t models, const std::vector<double>& values) {
    return {name, {models, values.size() / models}, true, values};
}

}  // namespace

Trainer::Trainer(Backend& backend, const Problem& problem, TrainingData& data, std::vector<Network> networks,
                 std::vector<AdamSpec> adam, std::filesystem::path directory, std::string configuration)
    : backend_(backend),
      problem_(problem),
      data_(data),
      networks_(std::move(networks)),
      directory_(std::move(directory)),
      configuration_(std::move(configuration)),
      adam_total_(problem.train.adam_steps(data.samples())),
      total_(problem.train.total_steps(data.samples())),
      parameters_(networks_[0].weights.size()),
      adam_(std::move(adam)),
      best_loss_(std::numeric_limits<double>::infinity()) {
    const std::size_t models = networks_.size();
    for (const Network& network : networks_)
        weights_.insert(weights_.end(), network.weights.begin(), network.weights.end());
    average_ = weights_;
    first_.assign(weights_.size(), 0.0);
    second_.assign(weights_.size(), 0.0);
    applied_.assign(models, 0);
    failed_.assign(models, -1);
    skipped_.assign(models, 0);
    truncated_.assign(models, 0);
    if (problem.train.rollback_above) rollback_.emplace(*problem.train.rollback_above, train_state());
    loss_ = problem.train.loss;
    if (loss_.balance == Balance::scale) {
        const auto scale = data.acceleration_scale();
        std::copy(scale.begin(), scale.end(), loss_.scale.begin());
    }
    if (problem.train.lm) lm_.emplace(backend, problem.arithmetic, *problem.train.lm, int(models), loss_.scale);
}

std::vector<Network> Trainer::networks() const {
    std::vector<Network> result = networks_;
    for (std::size_t m = 0; m < result.size(); ++m) {
        const std::vector<double>& source = adam_[m].ema > 0 ? average_ : weights_;
        result[m].weights.assign(source.begin() + m * parameters_, source.begin() + (m + 1) * parameters_);
    }
    return result;
}

TrainState Trainer::train_state() { return {weights_, first_, second_, average_, applied_, failed_}; }

void Trainer::add(const TrainReport& report, std::int64_t steps) {
    const std::size_t models = networks_.size();
    interval_.loss.resize(models);
    interval_.grad_norm.resize(models);
    interval_.condition.resize(models * condition_bins);
    interval_.truncated.resize(models);
    interval_.steps += steps;
    for (std::size_t m = 0; m < models; ++m) {
        for (std::int64_t k = 0; k < steps; ++k) {
            interval_.loss[m] += report.loss[m * steps + k];
            interval_.grad_norm[m] += report.grad_norm[m * steps + k];
        }
        skipped_[m] += report.skipped[m];
        interval_.truncated[m] += report.truncated[m];
        truncated_[m] += report.truncated[m];
    }
    if (rollback_) rollback_->add(report, steps);
    for (std::size_t i = 0; i < interval_.condition.size(); ++i) interval_.condition[i] += report.condition[i];
}

void Trainer::close_interval(std::span<const double> rates, double seconds) {
    const double per_epoch = double(problem_.train.steps_per_epoch(data_.samples())), steps = double(interval_.steps);
    for (std::size_t m = 0; m < networks_.size(); ++m) {
        const auto bins = std::span(interval_.condition).subspan(m * condition_bins, condition_bins);
        metrics_.push_back({.step = step_,
                            .epoch = double(step_) / per_epoch,
                            .seed = data_.seeds()[m],
                            .loss = interval_.loss[m] / steps,
                            .lr = rates[m],
                            .grad_norm = interval_.grad_norm[m] / steps,
                            .skipped = skipped_[m],
                            .rolled_back = rolled_back(m),
                            .truncated = truncated_[m],
                            .truncated_share = double(interval_.truncated[m]) / (steps * problem_.train.batch),
                            .cond_p50 = percentile(bins, 0.5),
                            .cond_p99 = percentile(bins, 0.99),
                            .cond_max = percentile(bins, 1),
                            .seconds = seconds});
    }
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

std::int64_t Trainer::rolled_back(std::size_t m) const { return rollback_ ? rollback_->rolled_back()[m] : 0; }

AdamSpec Trainer::spec_now(std::size_t m) const {
    AdamSpec spec = adam_[m];
    if (rollback_) spec.schedule.lr *= rollback_->rate_factor(m);
    return spec;
}

std::vector<double> Trainer::learning_rates() const {
    std::vector<double> rates;
    for (std::size_t m = 0; m < networks_.size(); ++m) rates.push_back(learning_rate(spec_now(m).schedule, step_ - 1));
    return rates;
}

bool Trainer::all_finite() const {
    for (const auto* part : {&weights_, &first_, &second_, &average_})
        if (!std::all_of(part->begin(), part->end(), [](double x) { return std::isfinite(x); })) return false;
    return true;
}

bool Trainer::is_lost(std::size_t m) const {
    for (const auto* part : {&weights_, &first_, &second_, &average_}) {
        const auto own = std::span(*part).subspan(m * parameters_, parameters_);
        if (!std::all_of(own.begin(), own.end(), [](double x) { return std::isfinite(x); })) return true;
    }
    return false;
}

void Trainer::roll_back_bad_models() {
    // a model that is lost cannot wait, for no checkpoint holds it
    const bool over = step_ % (judged_intervals * interval_steps()) == 0 || step_ == adam_total_;
    for (std::size_t m = 0; m < networks_.size(); ++m) {
        if (failed_[m] >= 0) continue;
        if (is_lost(m) || (over && rollback_->bad(m))) {
            rollback_->roll_back(m, train_state());
            if (rolled_back_too_often(rolled_back(m), adam_total_)) failed_[m] = step_;
        } else if (over) {
            rollback_->keep(m, train_state());
        }
    }
}

void Trainer::stop_lost_models() {
    for (std::size_t m = 0; m < networks_.size(); ++m) {
        const bool lost = is_lost(m);
        if (lost)
            for (auto* part : {&weights_, &first_, &second_, &average_})
                std::fill_n(part->begin() + m * parameters_, parameters_, 0.0);
        if (failed_[m] < 0 && (lost || (step_ == adam_total_ && applied_[m] == 0))) failed_[m] = step_;
    }
}

void Trainer::save(double seconds) {
    if (directory_.empty()) return;
    const std::size_t models = networks_.size();
    Checkpoint checkpoint;
    checkpoint.name = checkpoint_name(step_);
    const auto alive = std::find_if(failed_.begin(), failed_.end(), [](std::int64_t f) { return f < 0; });
    const Safetensors model = network_file(networks()[alive - failed_.begin()], problem_.f64_weights);
    checkpoint.model = model.tensors;
    checkpoint.model_metadata = model.metadata;
    checkpoint.optimizer = {state_tensor("weights", models, weights_), state_tensor("first", models, first_),
                            state_tensor("second", models, second_), state_tensor("average", models, average_)};
    if (const double loss = recent_loss(); loss < best_loss_) {
        best_loss_ = loss;
        best_ = checkpoint.name;
    }
    checkpoint.state = {{"step", step_},           {"steps", total_},    {"config", configuration_},
                        {"applied", applied_},     {"failed", failed_},  {"skipped", skipped_},
                        {"truncated", truncated_}, {"seconds", seconds}, {"best", best_}};
    checkpoint.state["interval"] = {{"steps", interval_.steps},
                                    {"loss", bits_of(interval_.loss)},
                                    {"grad_norm", bits_of(interval_.grad_norm)},
                                    {"truncated", interval_.truncated},
                                    {"condition", interval_.condition}};
    if (rollback_) {
        checkpoint.state["rollback"] = rollback_->state();
        for (std::size_t i = 0; i < good_names.size(); ++i)
            checkpoint.optimizer.push_back(state_tensor(good_names[i], models, rollback_->good[i]));
    }
    if (lm_) checkpoint.state["lm"] = {{"damping", bits_of(lm_->damping)}, {"rejected", lm_->rejected}};
    if (std::isfinite(best_loss_)) checkpoint.state["best_loss"] = best_loss_;
    write_file(directory_ / "metrics.csv", metrics_csv(metrics_), true);
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
    const std::size_t models = networks_.size();
    step_ = state.at("step").integer(0, total_);
    if (checkpoint.name != checkpoint_name(step_)) refuse(fmt::format("says that it is of step {}", step_));
    applied_ = state.at("applied").integers(models, 0, step_);
    failed_ = state.at("failed").integers(models, -1, step_);
    skipped_ = state.at("skipped").integers(models, 0, step_);
    truncated_ = state.at("truncated").counts(models);
    seconds_ = state.at("seconds").number(0, most_seconds);
    best_ = state.at("best").text();
    if (const auto loss = state.find("best_loss")) best_loss_ = loss->number();
    const JsonField interval = state.at("interval");
    interval_.steps = interval.at("steps").integer(0, interval_steps());
    const std::size_t summed = interval_.steps > 0 ? models : 0;
    interval_.loss = interval.at("loss").bits(summed);
    interval_.grad_norm = interval.at("grad_norm").bits(summed);
    interval_.truncated = interval.at("truncated").counts(summed);
    interval_.condition = interval.at("condition").counts(summed * condition_bins);
    if (rollback_) rollback_->restore(state.at("rollback"));
    if (lm_) {
        lm_->damping = state.at("lm").at("damping").bits(models);
        lm_->rejected = state.at("lm").at("rejected").counts(models);
        for (const double damping : lm_->damping)
            if (!std::isfinite(damping)) refuse(fmt::format("has a damping of {}", damping));
    }
    std::vector<std::pair<const char*, std::vector<double>*>> parts = {
        {"weights", &weights_}, {"first", &first_}, {"second", &second_}, {"average", &average_}};
    if (rollback_)
        for (std::size_t i = 0; i < good_names.size(); ++i) parts.push_back({good_names[i], &rollback_->good[i]});
    if (checkpoint.optimizer.size() != std::size(parts)) refuse("has an optimizer state of another shape");
    for (std::size_t i = 0; i < std::size(parts); ++i) {
        const Tensor& tensor = checkpoint.optimizer[i];
        if (tensor.name != parts[i].first || tensor.values.size() != parts[i].second->size())
            refuse("has an optimizer state of another shape");
        *parts[i].second = tensor.values;
    }
    prune_checkpoints(directory_, problem_.train.keep, checkpoint.name,
                      best_);  // a killed writer may not have come to it
    metrics_ = read_metrics(directory_ / "metrics.csv");
    std::erase_if(metrics_, [&](const Metrics& m) { return m.step > step_; });
}

double Trainer::seconds() const { return seconds_ + std::chrono::duration<double>(Clock::now() - start_).count(); }

std::int64_t Trainer::interval_steps() const {
    return std::max<std::int64_t>(1, (adam_total_ + metric_intervals - 1) / metric_intervals);
}

Trainer::Advance Trainer::advance_adam() {
    const std::size_t models = networks_.size();
    const std::int64_t every = interval_steps();
    const std::int64_t checkpoint_every =
        problem_.train.checkpoint_epochs * problem_.train.steps_per_epoch(data_.samples());
    const std::int64_t most = std::max<std::int64_t>(1, slice_samples / (models * problem_.train.batch));
    std::vector<AdamSpec> adam;
    for (std::size_t m = 0; m < models; ++m) adam.push_back(spec_now(m));
    const TrainJob job{networks_[0].spec,
                       int(models),
                       problem_.train.batch,
                       problem_.arithmetic.network,
                       problem_.arithmetic.solve,
                       loss_,
                       adam};
    const std::int64_t end = std::min(adam_total_, (step_ / every + 1) * every);
    const std::int64_t wanted = std::max<std::int64_t>(1, std::int64_t(slice_seconds / step_seconds_));
    const std::int64_t count = std::min({end - step_, wanted, most});
    TrainState state = train_state();
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
    std::int64_t before = adam_total_ * problem_.train.batch;  // samples of the stream
    for (std::int64_t i = 0; i < done; ++i) before += problem_.train.lm_samples(set, i);
    if (done == 0)  // of models with an average, that is what goes on
        for (std::size_t m = 0; m < models; ++m)
            if (adam_[m].ema > 0)
                std::copy_n(average_.begin() + m * parameters_, parameters_, weights_.begin() + m * parameters_);
    const TrainData batch = data_.gather(before, problem_.train.lm_samples(set, done));

    // loss and norm as Adam reports them
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> loss(models, none), norm(models, none), gradient(parameters_);
    for (std::size_t m = 0; m < models; ++m) {
        if (failed_[m] >= 0) continue;
        const Models model{networks_[0].spec, 1, std::span(weights_).subspan(m * parameters_, parameters_)};
        const auto own = [&](std::span<const double> all) {
            return all.subspan(m * all.size() / models, all.size() / models);
        };
        backend_.gradient(model, problem_.arithmetic.solve, loss_, problem_.arithmetic.network, own(batch.states),
                          own(batch.accelerations), std::span(loss).subspan(m, 1), gradient);
        norm[m] = std::sqrt(std::inner_product(gradient.begin(), gradient.end(), gradient.begin(), 0.0));
    }
    const auto report = lm_->iterate(networks_[0].spec, weights_, batch.states, batch.accelerations, failed_);
    average_ = weights_;
    ++step_;

    const double adam_epochs = double(adam_total_) / double(problem_.train.steps_per_epoch(set));
    for (std::size_t m = 0; m < models; ++m) {
        truncated_[m] += report[m].truncated;
        metrics_.push_back({.step = step_,
                            .epoch = adam_epochs + double(done + 1),
                            .seed = data_.seeds()[m],
                            .loss = loss[m],
                            .lr = none,
                            .grad_norm = norm[m],
                            .skipped = skipped_[m],
                            .rolled_back = rolled_back(m),
                            .truncated = truncated_[m],
                            .truncated_share = double(report[m].truncated) / double(batch.samples),
                            .cond_p50 = none,
                            .cond_p99 = none,
                            .cond_max = none,
                            .seconds = seconds(),
                            .cost = report[m].cost,
                            .damping = report[m].damping,
                            .accepted = report[m].accepted});
    }
    return {true, (done + 1) % problem_.train.checkpoint_epochs == 0};
}

TrainingOutcome Trainer::run(Progress& progress, double max_seconds) {
    start_ = Clock::now();
    step_seconds_ = slice_seconds;  // the first slice is a single step
    TrainingOutcome outcome;
    if (step_ == 0) save(seconds());  // even a run that fails at once leaves a good one
    while (step_ < total_) {
        const bool adam = step_ < adam_total_;
        Advance advance;
        try {
            advance = adam ? advance_adam() : advance_lm();
        } catch (const Error& error) {  // a device that fails leaves everything as the last slice had it
            if (error.exit() == Exit::backend && all_finite()) try {
                    save(seconds());
                } catch (const Error&) {  // the device's failure is what is to be told
                }
            throw;
        }
        if (advance.ended && adam) {
            const std::vector<double> rates = learning_rates();  // of the interval, before any is halved
            if (rollback_) roll_back_bad_models();
            close_interval(rates, seconds());
        }
        if (advance.ended) stop_lost_models();
        std::string note = fmt::format("loss {:.4g}", recent_loss());
        if (!adam)
            note +=
                fmt::format(", damping {:.2g}{}", metrics_.back().damping, metrics_.back().accepted ? "" : ", no step");
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
    for (std::size_t m = 0; m < networks_.size(); ++m) outcome.rolled_back.push_back(rolled_back(m));
    outcome.truncated = truncated_;
    if (lm_) outcome.stalled = lm_->rejected;
    return outcome;
}

}  // namespace lnn
