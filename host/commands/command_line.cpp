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

// --help of a command: what it does, examples, then usage and flags
class HelpFormatter : public CLI::Formatter {
  public:
    std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
        if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
        std::string text = app->get_description() + "\n";
        if (!app->get_footer().empty()) text += "\nExamples:\n  " + indented(app->get_footer()) + "\n";
        return text + "\n" + make_usage(app, name) + make_positionals(app) + make_groups(app, mode) +
               make_subcommands(app, mode);
    }

  private:
    static std::string indented(std::string lines) {
        for (std::size_t at = lines.find('\n'); at != lines.npos; at = lines.find('\n', at + 1))
            lines.insert(at + 1, "  ");
        return lines;
    }
};

std::string overview() {
    std::string text =
        "lnn_gpu learns the Lagrangian of a mechanical system and predicts its motion.\n"
        "\n"
        "Examples:\n"
        "  lnn_gpu run                          data, training, evaluation and report of the default model\n"
        "  lnn_gpu run --preset sweetspot       the same for the seed's setting\n"
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

std::vector<std::string> flag_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

std::vector<std::string> subcommand_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(sub->get_name());
    return names;
}

// what a failed parse tells the person
[[noreturn]] void explain(const CLI::App& app, const CLI::ParseError& error) {
    const std::vector<CLI::App*> chosen = app.get_subcommands();
    const CLI::App& last = chosen.empty() ? app : *chosen.back();
    const std::string program = chosen.empty() ? app.get_name() : app.get_name() + " " + last.get_name();
    const std::string name = program.substr(program.find(' ') + 1);  // main says lnn_gpu
    const std::vector<std::string> subcommands = subcommand_names(last), unknown = app.remaining(true);
    const std::string help = fmt::format("; {} --help lists what there is", program);
    if (!unknown.empty() && unknown[0].size() > 1 && unknown[0][0] == '-') {
        const std::string flag = unknown[0].substr(0, unknown[0].find('='));
        refuse(fmt::format("{}: unknown flag '{}'{}{}", name, flag, did_you_mean(flag, flag_names(last)), help));
    }
    if (!unknown.empty() && !subcommands.empty())
        refuse(fmt::format("{}: unknown subcommand '{}'{}; there are {}", name, unknown[0],
                           did_you_mean(unknown[0], subcommands), fmt::join(subcommands, ", ")));
    if (!unknown.empty()) refuse(fmt::format("{}: unexpected argument '{}'{}", name, unknown[0], help));
    if (!subcommands.empty()) refuse(fmt::format("{}: expected a subcommand: {}", name, fmt::join(subcommands, ", ")));
    refuse(fmt::format("{}: {}{}", name, error.what(), help));
}

// An empty value is an unset variable in a script, not a flag that was left out.
void refuse_empty(const CLI::App& app, const std::string& name) {
    for (const CLI::Option* option : app.get_options())
        for (const std::string& value : option->results())
            if (value.empty())
                refuse(fmt::format("{}: {} is empty; give it a value, or leave it out", name, option->get_name()));
    for (const CLI::App* subcommand : app.get_subcommands())
        refuse_empty(*subcommand, name + " " + subcommand->get_name());
}

}  // namespace

BuiltCommand build(const Command& command) {
    auto app = std::make_unique<CLI::App>(std::string(command.summary), "lnn_gpu " + std::string(command.name));
    app->formatter(std::make_shared<HelpFormatter>());
    app->set_help_flag("-h,--help", "this text")->group("Output");
    Action action = command.define(*app);
    return {std::move(app), std::move(action)};
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

    const BuiltCommand command = build(commands()[static_cast<std::size_t>(found - names.begin())]);
    try {
        command.app->parse(argc - 1, argv + 1);
    } catch (const CLI::CallForHelp&) {
        fmt::print("{}", command.app->help());
        return Exit::ok;
    } catch (const CLI::ParseError& error) {
        explain(*command.app, error);
    }
    refuse_empty(*command.app, name);
    return command.action();
}

}  // namespace lnn
