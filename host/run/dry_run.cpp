#include "run/dry_run.hpp"

#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "problem/backends.hpp"
#include "problem/initialise.hpp"
#include "run/work.hpp"
#include "settings/write.hpp"
#include "terminal/json_text.hpp"
#include "training/levenberg_marquardt.hpp"
#include "training/training_data.hpp"

namespace lnn {

namespace {

// seconds of all iterations of lm, from one of the last and largest: the others are shorter as their batches are
// smaller
double lm_seconds(Backend& backend, const Problem& problem, std::vector<double> weights, TrainingData& data,
                  std::int64_t set) {
    const TrainSpec& train = problem.train;
    const std::int64_t iterations = train.lm->iterations, largest = train.lm_samples(set, iterations - 1);
    LevenbergMarquardt lm(backend, problem.arithmetic, *train.lm, problem.models, train.loss.scale);
    const TrainData batch = data.gather(0, largest);
    const auto start = std::chrono::steady_clock::now();
    const std::vector<std::int64_t> failed(problem.models, -1);
    lm.iterate(problem.model, weights, batch.states, batch.targets, failed);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    double samples = 0;
    for (std::int64_t i = 0; i < iterations; ++i) samples += double(train.lm_samples(set, i));
    return seconds * samples / double(largest);
}

}  // namespace

nlohmann::ordered_json dry_run(Config& config) {
    const Work work = read_work(config, "", Options::silent());
    std::string note;
    const auto backend = open_training_backend(config, note);
    const Problem& problem = work.problem;
    const std::size_t models = problem.models;

    // a few steps on states drawn for the purpose: the time of a step does not depend on the data
    Problem probe = problem;
    if (probe.data.source == DataSpec::trajectories) probe.data.source = DataSpec::box;
    TrainingData data(*backend, probe, probe.seeds(), work.data);
    std::vector<double> weights;
    for (std::size_t m = 0; m < models; ++m) {
        const auto first = initial_weights(problem.model, problem.first_weights, problem.seed + m);
        weights.insert(weights.end(), first.begin(), first.end());
    }
    std::vector<double> first(weights.size()), second(weights.size()), average = weights;
    std::vector<std::int64_t> applied(models), failed(models, -1);
    const std::vector<AdamSpec> adam(models, problem.train.adam_for(1));
    TrainState state{weights, first, second, average, applied, failed};
    const TrainJob job{
        problem.model,      int(models), problem.train.batch, problem.arithmetic.network, problem.arithmetic.solve,
        problem.train.loss, adam};
    std::int64_t steps = 0;
    double seconds = 0;
    for (std::int64_t count = 1; seconds < 0.2 && steps < 4096; count *= 2) {
        const auto start = std::chrono::steady_clock::now();
        backend->train(job, data.slice(steps, count), state, steps, count);
        seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        steps += count;
    }

    const std::int64_t samples =
        problem.data.source == DataSpec::trajectories ? problem.data.count * problem.data.points : data.samples();
    const std::int64_t total = problem.train.total_steps(samples);
    const double bytes = 8.0 * double(weights.size()) * 8 +
                         8.0 * double(models * 3 * problem.model.dof) * double(samples) +
                         (problem.train.lm ? lm_bytes(weights.size() / models) : 0);
    double estimate = seconds / double(steps) * double(problem.train.adam_steps(samples));
    if (problem.train.lm) estimate += lm_seconds(*backend, problem, weights, data, samples);
    return {{"config", config_to_json(config)},
            {"parameters", weights.size() / models},
            {"models", models},
            {"memory_bytes", bytes},
            {"steps", total},
            {"train_seconds", estimate}};
}

Exit print_dry_run(Config config, const Options& options) {
    const nlohmann::ordered_json job = dry_run(config);
    if (options.json) {
        print_json(job);
        return Exit::ok;
    }
    fmt::print("{}\n# {} model{} of {} parameters, about {:.1f} MB\n", config_to_toml(config), job["models"].dump(),
               job["models"] == 1 ? "" : "s", job["parameters"].dump(), job["memory_bytes"].get<double>() * 1e-6);
    fmt::print("# {} steps, about {:.1f} s of training on this machine\n", job["steps"].dump(),
               job["train_seconds"].get<double>());
    return Exit::ok;
}

}  // namespace lnn
