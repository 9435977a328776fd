// lnn_gpu accel: accelerations of a model, or of the truth, at given states.
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

Action accel_command(CLI::App& app) {
    struct Flags {
        Options common;
        SourceFlags source;
        std::string states, energy, lagrangian;
    };
    auto flags = std::make_shared<Flags>();
    app.footer(
        "lnn_gpu accel --model runs/0001/model.safetensors --states X.npy --out A.npy\n"
        "lnn_gpu accel --system double_pendulum --states X.npy --out A.npy");
    add_setting_flags(app, flags->common);
    add_talk_flags(app, flags->common);
    add_source_flags(app, flags->source);
    app.add_option("--states", flags->states, "states (N, 2n): q, v")->type_name("X.npy")->required();
    app.add_option("--out", flags->common.out, "accelerations (N, n)")->type_name("A.npy")->required();
    app.add_option("--energy", flags->energy, "energies (N), too")->type_name("E.npy");
    app.add_option("--lagrangian", flags->lagrangian, "Lagrangians (N) of the model, too")->type_name("L.npy");
    app.add_flag("--force", flags->common.force, "overwrite what is there");
    return [flags] {
        const Options& options = flags->common;
        for (const std::string& target : {options.out, flags->energy, flags->lagrangian})
            if (!target.empty()) check_target(target, options.force);
        Config config;
        const Source source = open_source(flags->source, options, config);
        const std::size_t n = dof_of(source);
        const std::vector<double> states = load_states(flags->states, int(n));
        const std::size_t samples = states.size() / (2 * n);
        std::vector<double> a(n * samples), energies(flags->energy.empty() ? 0 : samples),
            lagrangians(flags->lagrangian.empty() ? 0 : samples);
        const auto backend = open_backend(config);
        if (const Network* network = std::get_if<Network>(&source)) {
            const ModelInfo& model = models()[network->spec.kind];
            if (!model.lagrangian && !(energies.empty() && lagrangians.empty()))
                throw Error(Exit::usage, fmt::format("the model {} has no energy and no Lagrangian; leave out {}",
                                                     model.name, energies.empty() ? "--lagrangian" : "--energy"));
            const Arithmetic arithmetic = arithmetic_of(config);
            backend->accelerate(network->models(), arithmetic.solve, arithmetic.network, states, a, energies,
                                lagrangians);
        } else {
            if (!flags->lagrangian.empty())
                throw Error(Exit::usage, "--lagrangian is for a model; leave it out with --system");
            backend->accelerate(std::get<SystemSpec>(source), states, a, energies);
        }
        const auto bad = std::count_if(a.begin(), a.end(), [](double x) { return !std::isfinite(x); });
        if (bad) options.talk().say("{} of {} accelerations are not finite", bad, a.size());
        write_npy(options.out, {{samples, n}, transposed(a, n, samples)}, options.force);
        if (!flags->energy.empty()) write_npy(flags->energy, {{samples}, energies}, options.force);
        if (!flags->lagrangian.empty()) write_npy(flags->lagrangian, {{samples}, lagrangians}, options.force);
        return Exit::ok;
    };
}

}  // namespace lnn
