// lnn_gpu forces: the generalised forces that motions need beside those of a Lagrangian, M a - f (inverse dynamics).
#include <algorithm>
#include <cmath>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "commands/source.hpp"
#include "files/atomic_file.hpp"
#include "files/npy.hpp"
#include "problem/backends.hpp"
#include "problem/problem.hpp"
#include "problem/states.hpp"

namespace lnn {

Action forces_command(Arguments& arguments) {
    struct Flags {
        Options common;
        SourceFlags source;
        std::string states, accelerations;
    };
    auto flags = std::make_shared<Flags>();
    arguments.examples(
        "lnn_gpu forces --model runs/0001/model.safetensors --states X.npy --accelerations A.npy --out F.npy\n"
        "lnn_gpu forces --system planar_arm_2 --states X.npy --accelerations A.npy --out F.npy");
    add_setting_flags(arguments, flags->common);
    add_talk_flags(arguments, flags->common);
    add_source_flags(arguments, flags->source);
    arguments.option("--states", flags->states, "states (N, 2n): q, v").type("X.npy").required();
    arguments.option("--accelerations", flags->accelerations, "accelerations (N, n)").type("A.npy").required();
    arguments.option("--out", flags->common.out, "generalised forces (N, n)").type("F.npy").required();
    arguments.flag("--force", flags->common.force, "overwrite what is there");
    return [flags] {
        const Options& options = flags->common;
        check_target(options.out, options.force);
        Config config;
        const Source source = open_source(flags->source, options, config);
        const std::size_t n = dof_of(source);
        const std::vector<double> states = load_states(flags->states, int(n));
        const std::size_t samples = states.size() / (2 * n);
        const std::vector<double> a = load_beside(flags->accelerations, "accelerations", samples, int(n));
        std::vector<double> forces(n * samples);
        const auto backend = open_backend(config);
        if (const Network* network = std::get_if<Network>(&source)) {
            require_mass_matrix(*network);
            backend->forces(network->models(), arithmetic_of(config).network, states, a, forces);
        } else {
            backend->forces(std::get<SystemSpec>(source), states, a, forces);
        }
        const auto bad = std::count_if(forces.begin(), forces.end(), [](double x) { return !std::isfinite(x); });
        if (bad) options.talk().say("{} of {} forces are not finite", bad, forces.size());
        write_npy(options.out, {{samples, n}, transposed(forces, n, samples)}, options.force);
        return Exit::ok;
    };
}

}  // namespace lnn
