// --model FILE or --system NAME: what accelerates, in the commands that take either.
#pragma once

#include <string>

#include "commands/commands.hpp"
#include "options.hpp"
#include "states.hpp"

namespace lnn {

struct SourceFlags {
    std::string model, system;
};

void add_source_flags(CLI::App&, SourceFlags&);
// loads it; `config` becomes the configuration the other flags resolve to
Source open_source(const SourceFlags&, Options, Config& config);

}  // namespace lnn
