#include "dry_run.hpp"

#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "backends.hpp"
#include "config/write.hpp"
#include "initialise.hpp"
#include "problem.hpp"
#include "training_data.hpp"
#include "work.hpp"

namespace lnn {

Exit print_dry_run(Config config, const Options& options) {
    const Work work = read_work(config, "", options);
    const auto backend = open_backend(config);
    const ModelSpec spec = model_spec(config);
    const std::size_t models = config.run.seeds;

    // a few steps on states drawn for the purpose: the time of a step does not depend on the data
    Config probe = config;
    if (!config.data.is_file()) probe.data.source = "box";
    TrainingData data(*backend, probe, work.data);
    std::vector<double> weights;
    for (std::size_t m = 0; m < models; ++m) {
        const auto first = initial_weights(spec, config.model.init, config.run.seed + m);
        weights.insert(weights.end(), first.begin(), first.end());
    }
    std::vector<double> first(weights.size()), second(weights.size()), average = weights;
    std::vector<std::int64_t> applied(models), failed(models, -1);
    const std::vector<AdamSpec> adam(models, adam_spec(config, 1));
    TrainState state{weights, first, second, average, applied, failed};
    const TrainJob job{spec, int(models), config.train.batch, precision_of(config.run.precision), solve_spec(config),
                       loss_spec(config), adam};
    std::int64_t steps = 0;
    double seconds = 0;
    for (std::int64_t count = 1; seconds < 0.2 && steps < 4096; count *= 2) {
        const auto start = std::chrono::steady_clock::now();
        backend->train(job, data.slice(steps, count), state, steps, count);
        seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        steps += count;
    }

    const std::int64_t samples = config.data.source == "trajectories"
                                     ? std::int64_t(config.data.trajectories) * config.data.points
                                     : data.samples();
    const std::int64_t total = total_steps(config, samples);
    const double bytes = 8.0 * double(weights.size()) * 8 + 8.0 * double(models * 3 * spec.dof) * double(samples);
    const double estimate = seconds / double(steps) * double(total);
    if (options.json) {
        nlohmann::ordered_json result = {{"config", config_to_json(config)},
                                         {"parameters", weights.size() / models},
                                         {"models", models},
                                         {"memory_bytes", bytes}};
        result["steps"] = total;
        result["train_seconds"] = estimate;
        fmt::print("{}\n", result.dump(2));
    } else {
        fmt::print("{}\n# {} model{} of {} parameters, about {:.1f} MB\n", config_to_toml(config), models,
                   models == 1 ? "" : "s", weights.size() / models, bytes * 1e-6);
        fmt::print("# {} steps, about {:.1f} s of training on this machine\n", total, estimate);
    }
    return Exit::ok;
}

}  // namespace lnn
