#include "problem/backends.hpp"

#include <atomic>

#include <fmt/format.h>

#include "lnn/runge_kutta.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"
#include "problem/states.hpp"
#include "settings/schema.hpp"
#include "terminal/talk.hpp"

namespace lnn {

std::unique_ptr<Backend> open_backend(const Config& config, std::string* note) {
    BackendOptions options;
    options.threads = config.run.threads;
    options.isa = config.run.isa;
    options.fewer_threads = say_fewer_threads;
    options.device = device_number(config.run.device).value();
    const bool needs_card = config.solve.pinv == "cusolver";
    if (needs_card && config.run.backend == "cpu")
        throw Error(Exit::backend, "solve.pinv = \"cusolver\" needs the CUDA backend; use solve.pinv = \"fused\"");
    const bool needs_cpu = find_integrator(config.eval.integrator)->table.adaptive();
    const std::string why = fmt::format("eval.integrator = \"{}\" is not on the card", config.eval.integrator);
    if (needs_cpu && config.run.backend == "cuda") throw Error(Exit::backend, why + "; use --backend cpu, or \"rk4\"");
    if (needs_cpu && config.run.backend == "auto" && note) *note = "running on the CPU: " + why;
    if (config.run.backend == "cpu" || needs_cpu) return make_cpu_backend(options);
    if (config.run.backend == "cuda" || needs_card) return make_cuda_backend(options);
    try {
        return make_cuda_backend(options);
    } catch (const Error& error) {
        if (note) *note = std::string("running on the CPU: ") + error.what();
        return make_cpu_backend(options);
    }
}

std::unique_ptr<Backend> open_training_backend(const Config& config, std::string& note) {
    if (config.solve.pinv != "fused")
        throw Error(Exit::backend, "solve.pinv = \"cusolver\" is for accel and rollout; use solve.pinv = \"fused\"");
    auto backend = open_backend(config, &note);
    const Problem problem = problem_of(config);
    if (problem.data.source == DataSpec::trajectories) {  // each model has its own, as a set and as what training sees
        const std::int64_t samples = problem.models * problem.data.count * problem.data.points;
        require_memory(6.0 * sizeof(double) * problem.coordinates.dof * double(samples),
                       fmt::format("{} samples (data.trajectories x data.points x run.seeds)", samples));
    }
    if (!problem.train.lm) return backend;
    try {
        backend->damped_steps({}, {}, {});  // a step of no model, refused where a library is missing
    } catch (const Error& error) {
        if (config.run.backend != "auto") throw;
        note = std::string("running on the CPU: ") + error.what();
        Config able = config;
        able.run.backend = "cpu";
        backend = open_backend(able);
    }
    const std::size_t parameters = parameter_count(problem.model);
    require_memory(lm_bytes(parameters), fmt::format("the normal equations of {} parameters (train.optimizer = \"lm\"; "
                                                     "narrower model.hidden, or train.optimizer = \"adam\")",
                                                     parameters));
    return backend;
}

void say_fewer_threads(int missing, int wanted) {
    static std::atomic<bool> said = false;
    if (!said.exchange(true))
        Talk{}.say(
            "{} of {} threads could not be started: working with {}; allow this user more (ulimit -u, ulimit -v), "
            "or ask for fewer by --threads",
            missing, wanted, wanted - missing);
}

void keep_processor(Config& config, const BackendInfo& info) {
    if (info.isa.empty()) return;  // a card
    config.run.isa = info.isa;
    config.run.threads = info.threads;
}

Config with_used_backend(Config config, const std::string& used) {
    if (config.run.backend == "auto" && used == "cpu") config.run.backend = used;
    return config;
}

}  // namespace lnn
