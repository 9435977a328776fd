#include "commands/source.hpp"

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

}  // namespace lnn
