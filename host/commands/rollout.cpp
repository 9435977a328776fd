// lnn_gpu rollout: trajectories of a model, or of the truth, from given states.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "commands/source.hpp"
#include "files/atomic_file.hpp"
#include "files/npy.hpp"
#include "problem/backends.hpp"
#include "problem/problem.hpp"
#include "problem/states.hpp"

namespace lnn {

Action rollout_command(Arguments& arguments) {
    struct Flags {
        Options common;
        SourceFlags source;
        std::string states;
        std::string integrator;
        double dt = 0.01;
        std::int64_t steps = 100;
    };
    auto flags = std::make_shared<Flags>();
    arguments.examples(
        "lnn_gpu rollout --model runs/0001/model.safetensors --states X.npy --dt 0.01 --steps 1000 --out T.npy\n"
        "lnn_gpu rollout --system double_pendulum --states X.npy --dt 0.01 --steps 1000 --out T.npy");
    add_setting_flags(arguments, flags->common);
    add_talk_flags(arguments, flags->common);
    add_source_flags(arguments, flags->source);
    arguments.option("--states", flags->states, "starts (N, 2n): q, v").type("X.npy").required();
    arguments.option("--out", flags->common.out, "trajectories (N, steps + 1, 2n)").type("T.npy").required();
    arguments.option("--integrator", flags->integrator, "as eval.integrator; dormand-prince keeps to eval.tolerance")
        .one_of(allowed_words("eval.integrator"));
    arguments.option("--dt", flags->dt, "time between two states, one step of RK4; s")
        .check(positive_number())
        .show_default();
    arguments.option("--steps", flags->steps, "steps").check(count_up_to(beyond_any_memory)).show_default();
    arguments.flag("--force", flags->common.force, "overwrite what is there");
    return [flags] {
        Options& options = flags->common;
        if (!flags->integrator.empty())
            options.settings.push_back({"eval.integrator", flags->integrator, "--integrator"});
        check_target(options.out, options.force);
        Config config;
        const Source source = open_source(flags->source, options, config);
        const std::size_t rows = 2 * std::size_t(dof_of(source)), instants = std::size_t(flags->steps) + 1;
        const std::vector<double> initial = load_states(flags->states, dof_of(source));
        const std::size_t samples = initial.size() / rows;
        require_memory(2.0 * sizeof(double) * double(instants) * double(initial.size()),
                       fmt::format("{} steps of {} trajectories", flags->steps, samples));
        std::vector<double> raw(instants * initial.size());
        Integration run = eval_spec(config).over(0);
        run.dt = flags->dt;
        run.instants = flags->steps;
        const auto backend = open_backend(config);
        const Arithmetic arithmetic = arithmetic_of(config);
        if (const Network* network = std::get_if<Network>(&source))
            backend->rollout(network->models(), arithmetic.solve, run, arithmetic.network, arithmetic.state, initial,
                             raw);
        else
            backend->rollout(std::get<SystemSpec>(source), run, initial, raw);

        // (instants, 2n, N) to (N, instants, 2n)
        const std::vector<double> out = transposed(raw, instants * rows, samples);
        std::size_t diverged = 0;
        for (std::size_t s = 0; s < samples; ++s)
            diverged += !std::all_of(out.begin() + s * instants * rows, out.begin() + (s + 1) * instants * rows,
                                     [](double x) { return std::isfinite(x); });
        if (diverged) options.talk().say("{} of {} trajectories diverged (not finite)", diverged, samples);
        write_npy(options.out, {{samples, instants, rows}, out}, options.force);
        return Exit::ok;
    };
}

}  // namespace lnn
