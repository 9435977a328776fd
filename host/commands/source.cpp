#include "commands/source.hpp"

#include <fmt/format.h>

#include "problem/problem.hpp"

namespace lnn {

void add_source_flags(Arguments& arguments, SourceFlags& flags) {
    arguments.option("--model", flags.model, "learned weights").type("FILE.safetensors");
    arguments.option("--system", flags.system, "a physical system, the truth, in place of a model")
        .type("NAME")
        .excludes("--model");
}

Source open_source(const SourceFlags& flags, Options options, Config& config) {
    if (flags.model.empty() == flags.system.empty())
        throw Error(Exit::usage, "give weights by --model FILE.safetensors, or the truth by --system NAME");
    if (!flags.system.empty()) options.settings.push_back({"system.kind", flags.system, "--system"});
    config = resolve(options);
    if (!flags.system.empty()) return problem_of(config).true_system();
    std::vector<std::string> notes;
    Network network = load_network(flags.model, notes);
    for (const std::string& note : notes) options.talk().say("{}", note);
    return network;
}

void require_mass_matrix(const Network& network) {
    const ModelInfo& model = models()[network.spec.kind];
    if (!model.lagrangian)
        throw Error(Exit::usage,
                    fmt::format("the model {} has no mass matrix, so that forces mean nothing to it; choose "
                                "one with a Lagrangian (lnn_gpu models)",
                                model.name));
}

}  // namespace lnn
