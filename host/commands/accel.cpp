// lnn_gpu accel: accelerations of a model, or of the truth, at given states.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

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

Action accel_command(Arguments& arguments) {
    struct Flags {
        Options common;
        SourceFlags source;
        std::string states, inputs, energy, lagrangian;
    };
    auto flags = std::make_shared<Flags>();
    arguments.examples(
        "lnn_gpu accel --model runs/0001/model.safetensors --states X.npy --out A.npy\n"
        "lnn_gpu accel --system double_pendulum --states X.npy --out A.npy");
    add_setting_flags(arguments, flags->common);
    add_talk_flags(arguments, flags->common);
    add_source_flags(arguments, flags->source);
    arguments.option("--states", flags->states, "states (N, 2n): q, v").type("X.npy").required();
    arguments.option("--inputs", flags->inputs, "generalised forces (N, n) that act from outside").type("U.npy");
    arguments.option("--out", flags->common.out, "accelerations (N, n)").type("A.npy").required();
    arguments.option("--energy", flags->energy, "energies (N), too").type("E.npy");
    arguments.option("--lagrangian", flags->lagrangian, "Lagrangians (N) of the model, too").type("L.npy");
    arguments.flag("--force", flags->common.force, "overwrite what is there");
    return [flags] {
        const Options& options = flags->common;
        std::set<std::filesystem::path> targets;
        for (const std::string& target : {options.out, flags->energy, flags->lagrangian}) {
            if (target.empty()) continue;
            check_target(target, options.force);
            std::error_code unknown;
            const auto place = std::filesystem::weakly_canonical(std::filesystem::absolute(target), unknown);
            if (!unknown && !targets.insert(place).second)
                throw Error(Exit::usage, fmt::format("{} is named twice; give each result a file of its own", target));
        }
        Config config;
        const Source source = open_source(flags->source, options, config);
        const std::size_t n = dof_of(source);
        const std::vector<double> states = load_states(flags->states, int(n));
        const std::size_t samples = states.size() / (2 * n);
        std::vector<double> inputs;
        if (!flags->inputs.empty()) inputs = load_beside(flags->inputs, "forces", samples, int(n));
        std::vector<double> a(n * samples), energies(flags->energy.empty() ? 0 : samples),
            lagrangians(flags->lagrangian.empty() ? 0 : samples);
        const auto backend = open_backend(config);
        if (const Network* network = std::get_if<Network>(&source)) {
            const ModelInfo& model = models()[network->spec.kind];
            if (!model.lagrangian && !(energies.empty() && lagrangians.empty()))
                throw Error(Exit::usage, fmt::format("the model {} has no energy and no Lagrangian; leave out {}",
                                                     model.name, energies.empty() ? "--lagrangian" : "--energy"));
            if (!inputs.empty()) require_mass_matrix(*network);
            const Arithmetic arithmetic = arithmetic_of(config);
            backend->accelerate(network->models(), arithmetic.solve, arithmetic.network, states, a, energies,
                                lagrangians, inputs);
        } else {
            if (!flags->lagrangian.empty())
                throw Error(Exit::usage, "--lagrangian is for a model; leave it out with --system");
            backend->accelerate(std::get<SystemSpec>(source), states, a, energies, inputs);
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
