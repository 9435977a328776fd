#include "commands/command_line.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "files/version.hpp"
#include "terminal/did_you_mean.hpp"
#include "terminal/talk.hpp"

namespace lnn {

namespace {

[[noreturn]] void refuse(const std::string& line) { throw Error(Exit::usage, line); }

std::string overview() {
    std::string text =
        "lnn_gpu learns the Lagrangian of a mechanical system and predicts its motion.\n"
        "\n"
        "Examples:\n"
        "  lnn_gpu run                          data, training, evaluation and report of the default model\n"
        "  lnn_gpu run --preset sweetspot       the same for the first student project's\n"
        "  lnn_gpu config show --defaults       every setting, documented\n"
        "\n"
        "Usage: lnn_gpu COMMAND [FLAGS]; lnn_gpu COMMAND --help; lnn_gpu --version\n"
        "\n"
        "Commands:\n";
    for (const Command& command : commands()) text += fmt::format("  {:<12} {}\n", command.name, command.summary);
    return text;
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const Command& command : commands()) names.emplace_back(command.name);
    return names;
}

}  // namespace

BuiltCommand build(const Command& command) {
    Arguments arguments("lnn_gpu " + std::string(command.name), std::string(command.summary));
    Action action = command.define(arguments);
    return {std::move(arguments), std::move(action)};
}

Exit run_command_line(int argc, char** argv) {
    if (argc < 2) {
        talk(overview());
        return Exit::usage;
    }
    const std::string name = argv[1];
    if (name == "-h" || name == "--help") {
        fmt::print("{}", overview());
        return Exit::ok;
    }
    if (name == "--version") {
        fmt::print("{}", version_text());
        return Exit::ok;
    }
    if (name.starts_with('-'))
        refuse(fmt::format("unknown flag '{}'{}; flags of a command follow its name", name,
                           did_you_mean(name, std::vector<std::string>{"--help", "--version"})));
    const std::vector<std::string> names = command_names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
        refuse(
            fmt::format("unknown command '{}'{}; lnn_gpu --help lists the commands", name, did_you_mean(name, names)));

    BuiltCommand command = build(commands()[static_cast<std::size_t>(found - names.begin())]);
    if (const auto help = command.arguments.parse({argv + 2, argv + argc})) {
        fmt::print("{}", *help);
        return Exit::ok;
    }
    return command.action();
}

}  // namespace lnn
