// The commands of lnn_gpu. To add one: a file commands/NAME.cpp that defines NAME_command, its declaration
// below, its row in main.cpp. It declares flags on `app` and returns what to do once they are parsed:
//
//     Action hello_command(CLI::App& app) {
//         struct Flags { Options common; std::string name; };
//         auto flags = std::make_shared<Flags>();      // lives as long as the action
//         app.footer("lnn_gpu hello Ada");             // examples, one a line; --help shows them first
//         add_json_flag(app, flags->common);
//         app.add_option("NAME", flags->name, "whom to greet")->required();
//         return [flags] { fmt::print("hello {}\n", flags->name); return Exit::ok; };
//     }
//
// stdout carries results, stderr talk. Errors are thrown (lnn/error.hpp); main prints them and exits.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include <CLI/CLI.hpp>

#include "lnn/error.hpp"

namespace lnn {

using Action = std::function<Exit()>;

struct Command {
    std::string_view name, summary;
    Action (*define)(CLI::App& app);
};

std::span<const Command> commands();  // the table in main.cpp

Action accel_command(CLI::App&);
Action bench_command(CLI::App&);
Action completion_command(CLI::App&);
Action config_command(CLI::App&);
Action data_command(CLI::App&);
Action doctor_command(CLI::App&);
Action eval_command(CLI::App&);
Action merge_command(CLI::App&);
Action models_command(CLI::App&);
Action report_command(CLI::App&);
Action rollout_command(CLI::App&);
Action run_command(CLI::App&);
Action study_command(CLI::App&);
Action sweep_command(CLI::App&);
Action systems_command(CLI::App&);
Action train_command(CLI::App&);

}  // namespace lnn
