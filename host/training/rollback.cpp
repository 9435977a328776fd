#include "training/rollback.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace lnn {

namespace {

constexpr double least_loss = 1e-300;  // stands for a loss of 0, which has no logarithm

std::array<std::span<double>, 4> parts(const TrainState& state) {
    return {state.weights, state.first, state.second, state.average};
}

// copies model m of `models`
void copy_model(std::size_t m, std::size_t models, std::span<const double> from, std::span<double> to) {
    const std::size_t each = from.size() / models;
    std::copy_n(from.begin() + m * each, each, to.begin() + m * each);
}

}  // namespace

Rollback::Rollback(double above, const TrainState& start)
    : above_(above),
      applied_(start.applied.begin(), start.applied.end()),
      rollbacks_(applied_.size(), 0),
      rolled_back_(applied_.size(), 0),
      best_(applied_.size(), std::numeric_limits<double>::infinity()),
      steps_(applied_.size(), 0),
      skipped_(applied_.size(), 0),
      counted_(applied_.size(), 0),
      log_loss_(applied_.size(), 0.0) {
    for (std::size_t i = 0; i < good.size(); ++i) good[i].assign(parts(start)[i].begin(), parts(start)[i].end());
}

void Rollback::begin_period(std::size_t m) {
    steps_[m] = skipped_[m] = counted_[m] = 0;
    log_loss_[m] = 0;
}

void Rollback::add(const TrainReport& report, std::int64_t steps) {
    for (std::size_t m = 0; m < applied_.size(); ++m) {
        steps_[m] += steps;
        skipped_[m] += report.skipped[m];
        for (std::int64_t k = 0; k < steps; ++k) {
            const double loss = report.loss[m * steps + k];
            if (!std::isfinite(loss)) continue;
            log_loss_[m] += std::log(std::max(loss, least_loss));
            ++counted_[m];
        }
    }
}

double Rollback::mean_log_loss(std::size_t m) const { return log_loss_[m] / double(counted_[m]); }

bool Rollback::bad(std::size_t m) const {
    return skipped_[m] * 2 > steps_[m] || !(mean_log_loss(m) <= best_[m] + std::log(above_));
}

void Rollback::keep(std::size_t m, const TrainState& state) {
    for (std::size_t i = 0; i < good.size(); ++i) copy_model(m, applied_.size(), parts(state)[i], good[i]);
    applied_[m] = state.applied[m];
    best_[m] = std::min(best_[m], mean_log_loss(m));
    begin_period(m);
}

void Rollback::roll_back(std::size_t m, const TrainState& state) {
    for (std::size_t i = 0; i < good.size(); ++i) copy_model(m, applied_.size(), good[i], parts(state)[i]);
    state.applied[m] = applied_[m];
    ++rollbacks_[m];
    rolled_back_[m] += steps_[m];
    begin_period(m);
}

double Rollback::rate_factor(std::size_t m) const { return std::exp2(-double(rollbacks_[m])); }

nlohmann::ordered_json Rollback::state() const {
    return {{"applied", applied_},
            {"rollbacks", rollbacks_},
            {"rolled_back", rolled_back_},
            {"best", bits_of(best_)},
            {"steps", steps_},
            {"skipped", skipped_},
            {"counted", counted_},
            {"log_loss", bits_of(log_loss_)}};
}

void Rollback::restore(const JsonField& state) {
    const std::size_t models = applied_.size();
    for (const auto& [name, counts] : {std::pair{"applied", &applied_},
                                       {"rollbacks", &rollbacks_},
                                       {"rolled_back", &rolled_back_},
                                       {"steps", &steps_},
                                       {"skipped", &skipped_},
                                       {"counted", &counted_}})
        *counts = state.at(name).counts(models);
    best_ = state.at("best").bits(models);
    log_loss_ = state.at("log_loss").bits(models);
}

}  // namespace lnn
