// The commands of lnn_gpu. To add one: a file commands/NAME.cpp that defines NAME_command, its declaration
// below, its row in commands.cpp. It declares flags on `arguments` and returns what to do once they are parsed:
//
//     Action hello_command(Arguments& arguments) {
//         struct Flags { Options common; std::string name; };
//         auto flags = std::make_shared<Flags>();      // lives as long as the action
//         arguments.examples("lnn_gpu hello Ada");     // one a line; --help shows them first
//         add_json_flag(arguments, flags->common);
//         arguments.option("NAME", flags->name, "whom to greet").required();
//         return [flags] { fmt::print("hello {}\n", flags->name); return Exit::ok; };
//     }
//
// stdout carries results, stderr talk. Errors are thrown (lnn/error.hpp); main prints them and exits.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "commands/arguments.hpp"
#include "lnn/error.hpp"

namespace lnn {

using Action = std::function<Exit()>;

struct Command {
    std::string_view name, summary;
    Action (*define)(Arguments& arguments);
};

std::span<const Command> commands();  // the table in commands.cpp

Action accel_command(Arguments&);
Action forces_command(Arguments&);
Action bench_command(Arguments&);
Action compare_command(Arguments&);
Action completion_command(Arguments&);
Action config_command(Arguments&);
Action data_command(Arguments&);
Action doctor_command(Arguments&);
Action eval_command(Arguments&);
Action merge_command(Arguments&);
Action models_command(Arguments&);
Action report_command(Arguments&);
Action rollout_command(Arguments&);
Action run_command(Arguments&);
Action study_command(Arguments&);
Action sweep_command(Arguments&);
Action systems_command(Arguments&);
Action train_command(Arguments&);

}  // namespace lnn
