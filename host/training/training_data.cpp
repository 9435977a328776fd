#include "training/training_data.hpp"

#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "lnn/random.hpp"

namespace lnn {

namespace {

// rows of (2n, samples) to (samples, n) twice
void unpack(std::span<const double> states, std::span<const double> accelerations, Dataset& data, std::size_t at) {
    const std::size_t n = data.dof, samples = accelerations.size() / n;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t s = 0; s < samples; ++s) {
            data.q[(at + s) * n + i] = states[i * samples + s];
            data.v[(at + s) * n + i] = states[(n + i) * samples + s];
            data.a[(at + s) * n + i] = accelerations[i * samples + s];
        }
}

// the system's own accelerations: a training on what is not a number could not say what is wrong
void require_finite(std::span<const double> accelerations) {
    for (const double a : accelerations)
        if (!std::isfinite(a))
            throw Error(Exit::usage,
                        "the system has no acceleration in some of the states that are drawn; set data.position and "
                        "data.velocity to where it has");
}

Dataset empty_dataset(int dof, std::size_t samples) {
    Dataset data;
    data.dof = dof;
    data.samples = samples;
    data.q.resize(samples * dof);
    data.v.resize(samples * dof);
    data.a.resize(samples * dof);
    return data;
}

}  // namespace

Dataset trajectory_dataset(Backend& backend, const SystemSpec& system, const DataSpec& spec, std::uint64_t seed) {
    const std::int64_t count = spec.count, points = spec.points;
    const int n = system.dof;
    std::vector<double> initial(2 * n * count), states(points * initial.size()), accelerations(n * count);
    backend.draw(with_seed(spec.draw, seed), n, 0, count, initial);
    const double gap = points > 1 ? spec.t_end / double(points - 1) : 0;
    backend.rollout(system, {gap, substeps(gap, spec.dt), points - 1}, initial, states);
    Dataset data = empty_dataset(n, points * count);
    for (std::int64_t k = 0; k < points; ++k) {
        const auto instant = std::span(states).subspan(k * initial.size(), initial.size());
        backend.accelerate(system, instant, accelerations, {});
        require_finite(accelerations);
        unpack(instant, accelerations, data, k * count);
        for (std::int64_t s = 0; s < count; ++s) {
            data.t.push_back(double(k) * gap);
            data.trajectory.push_back(s);
        }
    }
    return data;
}

Dataset drawn_dataset(Backend& backend, const SystemSpec& system, const Draw& draw, std::int64_t first,
                      std::int64_t count) {
    std::vector<double> states(2 * system.dof * count), accelerations(system.dof * count);
    backend.draw(draw, system.dof, first, count, states);
    backend.accelerate(system, states, accelerations, {});
    require_finite(accelerations);
    Dataset data = empty_dataset(system.dof, count);
    unpack(states, accelerations, data, 0);
    return data;
}

TrainingData::TrainingData(Backend& backend, const Problem& problem, std::vector<std::uint64_t> seeds,
                           std::vector<Dataset> given)
    : backend_(backend),
      problem_(problem),
      seeds_(std::move(seeds)),
      sets_(std::move(given)),
      permutations_(seeds_.size()) {
    if (!sets_.empty() && sets_[0].samples > INT32_MAX)  // of a file; generated ones are bounded by their settings
        throw Error(Exit::file, fmt::format("{}: more than 2^31 - 1 samples; split it", problem.data.path));
    if (sets_.empty() && problem.data.source == DataSpec::trajectories)
        for (const std::uint64_t seed : seeds_)
            sets_.push_back(trajectory_dataset(backend, problem.true_system(), problem.data, seed));
    if (sets_.empty()) return;
    samples_ = std::int64_t(sets_[0].samples);
    const int n = sets_[0].dof;
    for (std::size_t m = 0; m < seeds_.size(); ++m) {
        const Dataset& data = sets_[sets_.size() == 1 ? 0 : m];
        for (const auto* rows : {&data.q, &data.v})
            for (int i = 0; i < n; ++i)
                for (std::int64_t s = 0; s < samples_; ++s) states_.push_back((*rows)[s * n + i]);
        for (int i = 0; i < n; ++i)
            for (std::int64_t s = 0; s < samples_; ++s) accelerations_.push_back(data.a[s * n + i]);
    }
}

const std::vector<std::int32_t>& TrainingData::permutation(int model, std::int64_t epoch) {
    Permutation& p = permutations_[model];
    if (p.epoch == epoch) return p.order;
    p.epoch = epoch;
    p.order.resize(samples_);
    std::iota(p.order.begin(), p.order.end(), 0);
    for (std::int64_t i = samples_ - 1; i > 0; --i) {  // Fisher and Yates
        const double u = uniform(seeds_[model], Stream::shuffle, std::uint64_t(epoch) << 32 | std::uint64_t(i), 0);
        std::swap(p.order[i], p.order[std::int64_t(u * double(i + 1))]);
    }
    return p.order;
}

// one endless stream of samples, reshuffled every time through where that is asked for
std::int32_t TrainingData::sample(int model, std::int64_t i) {
    return permutation(model, problem_.data.reshuffled ? i / samples_ : 0)[i % samples_];
}

void TrainingData::draw(std::int64_t first, std::int64_t count) {
    const SystemSpec& system = problem_.true_system();
    const std::size_t samples = count, n = system.dof;
    states_.resize(seeds_.size() * 2 * n * samples);
    accelerations_.resize(seeds_.size() * n * samples);
    for (std::size_t m = 0; m < seeds_.size(); ++m) {
        const auto states = std::span(states_).subspan(m * 2 * n * samples, 2 * n * samples);
        backend_.draw(with_seed(problem_.data.draw, seeds_[m]), int(n), first, count, states);
        backend_.accelerate(system, states, std::span(accelerations_).subspan(m * n * samples, n * samples), {});
    }
    require_finite(accelerations_);
}

TrainData TrainingData::slice(std::int64_t first, std::int64_t count) {
    const std::int64_t batch = problem_.train.batch;
    if (sets_.empty()) {
        draw(first * batch, count * batch);
        return {count * batch, states_, accelerations_, {}};
    }
    order_.clear();
    for (std::size_t m = 0; m < seeds_.size(); ++m)
        for (std::int64_t i = first * batch; i < (first + count) * batch; ++i) order_.push_back(sample(int(m), i));
    return {samples_, states_, accelerations_, order_};
}

TrainData TrainingData::gather(std::int64_t first, std::int64_t count) {
    if (sets_.empty()) {
        draw(first, count);
        return {count, states_, accelerations_, {}};
    }
    gathered_states_.clear();
    gathered_accelerations_.clear();
    const std::int64_t n = sets_[0].dof;
    for (std::size_t m = 0; m < seeds_.size(); ++m) {
        const auto rows = [&](const std::vector<double>& all, std::int64_t height, std::vector<double>& to) {
            for (std::int64_t row = std::int64_t(m) * height; row < std::int64_t(m + 1) * height; ++row)
                for (std::int64_t i = first; i < first + count; ++i)
                    to.push_back(all[row * samples_ + sample(int(m), i)]);
        };
        rows(states_, 2 * n, gathered_states_);
        rows(accelerations_, n, gathered_accelerations_);
    }
    return {count, gathered_states_, gathered_accelerations_, {}};
}

std::vector<double> TrainingData::acceleration_scale() const {
    // the key is of no model, so that all have one scale, whatever stands beside them
    constexpr std::uint64_t seed = 0x7363616c65;
    const auto made = [&] {
        const SystemSpec& system = problem_.true_system();
        const DataSpec& data = problem_.data;
        return data.source == DataSpec::trajectories
                   ? trajectory_dataset(backend_, system, data, seed)
                   : drawn_dataset(backend_, system, with_seed(data.draw, seed), 0, 4096);
    };
    const Dataset data = problem_.data.source == DataSpec::file ? sets_[0] : made();
    std::vector<double> scale;
    for (int i = 0; i < data.dof; ++i) {
        double sum = 0, squares = 0;
        for (std::size_t s = 0; s < data.samples; ++s) sum += data.a[s * data.dof + i];
        const double mean = sum / double(data.samples);
        for (std::size_t s = 0; s < data.samples; ++s) squares += std::pow(data.a[s * data.dof + i] - mean, 2);
        const double deviation = std::sqrt(squares / double(data.samples));
        scale.push_back(deviation > 0 ? deviation : 1);
    }
    return scale;
}

}  // namespace lnn
