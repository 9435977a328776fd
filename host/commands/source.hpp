// --model FILE or --system NAME: what accelerates, in the commands that take either.
#pragma once

#include <string>

#include "commands/commands.hpp"
#include "problem/states.hpp"
#include "run/options.hpp"

namespace lnn {

struct SourceFlags {
    std::string model, system;
};

void add_source_flags(Arguments&, SourceFlags&);
// loads it; `config` becomes the configuration the other flags resolve to
Source open_source(const SourceFlags&, Options, Config& config);

// Exit::usage where forces mean nothing to the model
void require_mass_matrix(const Network&);

}  // namespace lnn
