#include "training/adam.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <nlohmann/json.hpp>

#include "lnn/adam.hpp"

namespace lnn {

namespace {

constexpr int metric_intervals = 500;  // rows of metrics.csv for each model, about
constexpr int judged_intervals = 5;    // together make a period of a rollback: a hundredth of the steps
constexpr std::array good_names = {"good_weights", "good_first", "good_second", "good_average"};
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

}  // namespace

Adam::Adam(Backend& backend, const Problem& problem, const LossSpec& loss, std::vector<AdamSpec> specs,
           std::int64_t total, TrainingData& data, ModelStates& states)
    : backend_(backend),
      problem_(problem),
      loss_(loss),
      specs_(std::move(specs)),
      total_(total),
      data_(data),
      states_(states),
      step_seconds_(slice_seconds) {  // the first slice is a single step
    if (problem.train.rollback_above) rollback_.emplace(*problem.train.rollback_above, states.train_state());
}

std::int64_t Adam::interval_steps() const {
    return std::max<std::int64_t>(1, (total_ + metric_intervals - 1) / metric_intervals);
}

AdamSpec Adam::spec_now(std::size_t m) const {
    AdamSpec spec = specs_[m];
    if (rollback_) spec.schedule.lr *= rollback_->rate_factor(m);
    return spec;
}

Optimizer::Slice Adam::advance(std::int64_t step) {
    const TrainSpec& train = problem_.train;
    const std::size_t models = states_.models();
    const std::int64_t every = interval_steps();
    const std::int64_t checkpoint_every = train.checkpoint_epochs * train.steps_per_epoch(data_.samples());
    const std::int64_t most = std::max<std::int64_t>(1, slice_samples / (models * train.batch));
    std::vector<AdamSpec> specs;
    for (std::size_t m = 0; m < models; ++m) specs.push_back(spec_now(m));
    const TrainJob job{problem_.model, int(models), train.batch, problem_.arithmetic.network, problem_.arithmetic.solve,
                       loss_,          specs};
    const std::int64_t end = std::min(total_, (step / every + 1) * every);
    const std::int64_t wanted = std::max<std::int64_t>(1, std::int64_t(slice_seconds / step_seconds_));
    const std::int64_t count = std::min({end - step, wanted, most});
    TrainState state = states_.train_state();
    const TrainReport report = backend_.train(job, data_.slice(step, count), state, step, count);
    step_seconds_ = std::max(report.seconds, 1e-9) / double(count);
    step += count;
    add(report, count);
    const std::int64_t began = (step - 1) / every * every;
    return {count, step == end, step == end && step / checkpoint_every > began / checkpoint_every};
}

void Adam::add(const TrainReport& report, std::int64_t steps) {
    const std::size_t models = states_.models();
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
        states_.skipped[m] += report.skipped[m];
        interval_.truncated[m] += report.truncated[m];
        states_.truncated[m] += report.truncated[m];
    }
    if (rollback_) rollback_->add(report, steps);
    for (std::size_t i = 0; i < interval_.condition.size(); ++i) interval_.condition[i] += report.condition[i];
}

void Adam::roll_back_bad_models(std::int64_t step) {
    // a model that is lost cannot wait, for no checkpoint holds it
    const bool over = step % (judged_intervals * interval_steps()) == 0 || step == total_;
    for (std::size_t m = 0; m < states_.models(); ++m) {
        if (states_.failed[m] >= 0) continue;
        if (states_.is_lost(m) || (over && rollback_->bad(m))) {
            rollback_->roll_back(m, states_.train_state());
            states_.rolled_back = rollback_->rolled_back();
            if (rolled_back_too_often(states_.rolled_back[m], total_)) states_.failed[m] = step;
        } else if (over) {
            rollback_->keep(m, states_.train_state());
        }
    }
}

std::vector<Metrics> Adam::end_interval(std::int64_t step, double seconds) {
    std::vector<double> rates;  // of the interval, before any is halved
    for (std::size_t m = 0; m < states_.models(); ++m) rates.push_back(learning_rate(spec_now(m).schedule, step - 1));
    if (rollback_) roll_back_bad_models(step);
    const double per_epoch = double(problem_.train.steps_per_epoch(data_.samples())), steps = double(interval_.steps);
    std::vector<Metrics> rows;
    for (std::size_t m = 0; m < states_.models(); ++m) {
        const auto bins = std::span(interval_.condition).subspan(m * condition_bins, condition_bins);
        rows.push_back({.step = step,
                        .epoch = double(step) / per_epoch,
                        .seed = data_.seeds()[m],
                        .loss = interval_.loss[m] / steps,
                        .lr = rates[m],
                        .grad_norm = interval_.grad_norm[m] / steps,
                        .skipped = states_.skipped[m],
                        .rolled_back = states_.rolled_back[m],
                        .truncated = states_.truncated[m],
                        .truncated_share = double(interval_.truncated[m]) / (steps * problem_.train.batch),
                        .cond_p50 = percentile(bins, 0.5),
                        .cond_p99 = percentile(bins, 0.99),
                        .cond_max = percentile(bins, 1),
                        .seconds = seconds});
    }
    interval_ = {};
    return rows;
}

void Adam::save(nlohmann::ordered_json& state) const {
    state["interval"] = {{"steps", interval_.steps},
                         {"loss", bits_of(interval_.loss)},
                         {"grad_norm", bits_of(interval_.grad_norm)},
                         {"truncated", interval_.truncated},
                         {"condition", interval_.condition}};
    if (rollback_) state["rollback"] = rollback_->state();
}

void Adam::restore(const JsonField& state, const Refuse&) {
    const JsonField interval = state.at("interval");
    interval_.steps = interval.at("steps").integer(0, interval_steps());
    const std::size_t summed = interval_.steps > 0 ? states_.models() : 0;
    interval_.loss = interval.at("loss").bits(summed);
    interval_.grad_norm = interval.at("grad_norm").bits(summed);
    interval_.truncated = interval.at("truncated").counts(summed);
    interval_.condition = interval.at("condition").counts(summed * condition_bins);
    if (!rollback_) return;
    rollback_->restore(state.at("rollback"));
    states_.rolled_back = rollback_->rolled_back();
}

Optimizer::Tensors Adam::tensors() {
    Tensors all;
    for (std::size_t i = 0; rollback_ && i < good_names.size(); ++i)
        all.push_back({good_names[i], &rollback_->good[i]});
    return all;
}

}  // namespace lnn
