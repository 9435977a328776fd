// From argv to a command: finds it in the table, parses its arguments, runs it. Unknown commands are Exit::usage with
// the nearest name.
#pragma once

#include "commands/commands.hpp"

namespace lnn {

// a command with its arguments declared, not yet parsed
struct BuiltCommand {
    Arguments arguments;
    Action action;
};

BuiltCommand build(const Command&);

Exit run_command_line(int argc, char** argv);

}  // namespace lnn
