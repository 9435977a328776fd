#include "training/lm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lnn {

Lm::Lm(Backend& backend, const Problem& problem, const LossSpec& loss, std::int64_t before, TrainingData& data,
       ModelStates& states)
    : backend_(backend),
      problem_(problem),
      loss_(loss),
      before_(before),
      data_(data),
      states_(states),
      method_(backend, problem.arithmetic, *problem.train.lm, int(states.models()), loss.scale) {
    states_.stalled = method_.rejected;
}

Optimizer::Slice Lm::advance(std::int64_t step) {
    const TrainSpec& train = problem_.train;
    const std::size_t models = states_.models(), parameters = states_.parameters;
    const std::int64_t done = step - before_, set = data_.samples();
    std::int64_t first = before_ * train.batch;  // samples of the stream that were taken
    for (std::int64_t i = 0; i < done; ++i) first += train.lm_samples(set, i);
    std::vector<double> weights = states_.weights;  // a copy, for the backend may fail
    if (done == 0)                                  // of models with an average, that is what goes on
        for (std::size_t m = 0; m < models; ++m)
            if (states_.averaged[m])
                std::copy_n(states_.average.begin() + m * parameters, parameters, weights.begin() + m * parameters);
    const TrainData batch = data_.gather(first, train.lm_samples(set, done));

    // loss and norm as Adam reports them
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> loss(models, none), norm(models, none), gradient(parameters);
    for (std::size_t m = 0; m < models; ++m) {
        if (states_.failed[m] >= 0) continue;
        const Models model{problem_.model, 1, std::span(weights).subspan(m * parameters, parameters)};
        const auto own = [&](std::span<const double> all) {
            return all.subspan(m * all.size() / models, all.size() / models);
        };
        backend_.gradient(model, problem_.arithmetic.solve, loss_, problem_.arithmetic.network, own(batch.states),
                          own(batch.targets), std::span(loss).subspan(m, 1), gradient);
        norm[m] = std::sqrt(std::inner_product(gradient.begin(), gradient.end(), gradient.begin(), 0.0));
    }
    const auto report = method_.iterate(problem_.model, weights, batch.states, batch.targets, states_.failed);
    states_.weights = states_.average = weights;
    states_.stalled = method_.rejected;

    const double adam_epochs = double(before_) / double(train.steps_per_epoch(set));
    rows_.clear();
    for (std::size_t m = 0; m < models; ++m) {
        states_.truncated[m] += report[m].truncated;
        rows_.push_back({.step = step + 1,
                         .epoch = adam_epochs + double(done + 1),
                         .seed = data_.seeds()[m],
                         .loss = loss[m],
                         .lr = none,
                         .grad_norm = norm[m],
                         .skipped = states_.skipped[m],
                         .rolled_back = states_.rolled_back[m],
                         .truncated = states_.truncated[m],
                         .truncated_share = double(report[m].truncated) / double(batch.samples),
                         .cond_p50 = none,
                         .cond_p99 = none,
                         .cond_max = none,
                         .cost = report[m].cost,
                         .damping = report[m].damping,
                         .accepted = report[m].accepted});
    }
    return {1, true, (done + 1) % train.checkpoint_epochs == 0};
}

std::vector<Metrics> Lm::end_interval(std::int64_t, double seconds) {
    for (Metrics& row : rows_) row.seconds = seconds;
    return std::move(rows_);
}

std::string Lm::note(const Metrics& row) const {
    return fmt::format(", damping {:.2g}{}", row.damping, row.accepted ? "" : ", no step");
}

void Lm::save(nlohmann::ordered_json& state) const {
    state["lm"] = {{"damping", bits_of(method_.damping)}, {"rejected", method_.rejected}};
}

void Lm::restore(const JsonField& state, const Refuse& refuse) {
    const std::size_t models = states_.models();
    method_.damping = state.at("lm").at("damping").bits(models);
    method_.rejected = states_.stalled = state.at("lm").at("rejected").counts(models);
    for (const double damping : method_.damping)
        if (!std::isfinite(damping)) refuse(fmt::format("has a damping of {}", damping));
}

}  // namespace lnn
