// From argv to a command: finds it in the table, parses its flags, runs it.
// Unknown commands, subcommands and flags are Exit::usage with the nearest name; --help has examples
// first, then usage and flags.
#pragma once

#include <memory>

#include "commands/commands.hpp"

namespace lnn {

// a command with its flags declared, not yet parsed
struct BuiltCommand {
    std::unique_ptr<CLI::App> app;
    Action action;
};

BuiltCommand build(const Command&);

Exit run_command_line(int argc, char** argv);

}  // namespace lnn
