#include "commands/arguments.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "lnn/error.hpp"
#include "settings/schema.hpp"
#include "terminal/did_you_mean.hpp"

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

std::vector<std::string> names_of(const std::vector<Word>& words) {
    std::vector<std::string> names;
    for (const Word& word : words) names.push_back(word.name);
    return names;
}

std::vector<std::string> names_of(const std::vector<Arguments>& subcommands) {
    std::vector<std::string> names;
    for (const Arguments& subcommand : subcommands) names.push_back(subcommand.name());
    return names;
}

// "lnn_gpu config" as messages name it, before which main says lnn_gpu
std::string without_program(const std::string& name) { return name.substr(name.find(' ') + 1); }

// what a failed parse tells the person; `last` is the command, or the subcommand that was given
[[noreturn]] void explain(const std::string& program, const Arguments& last, const std::vector<std::string>& unknown,
                          const std::string& complaint) {
    const std::string name = without_program(program);
    const std::vector<std::string> subcommands = names_of(last.subcommands());
    const std::string help = fmt::format("; {} --help lists what there is", program);
    if (!unknown.empty() && unknown[0].size() > 1 && unknown[0][0] == '-') {
        const std::string flag = unknown[0].substr(0, unknown[0].find('='));
        refuse(fmt::format("{}: unknown flag '{}'{}{}", name, flag, did_you_mean(flag, names_of(last.flags())), help));
    }
    if (!unknown.empty() && !subcommands.empty())
        refuse(fmt::format("{}: unknown subcommand '{}'{}; there are {}", name, unknown[0],
                           did_you_mean(unknown[0], subcommands), fmt::join(subcommands, ", ")));
    if (!unknown.empty()) refuse(fmt::format("{}: unexpected argument '{}'{}", name, unknown[0], help));
    if (!subcommands.empty()) refuse(fmt::format("{}: expected a subcommand: {}", name, fmt::join(subcommands, ", ")));
    refuse(fmt::format("{}: {}{}", name, complaint, help));
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

Argument Argument::type(const std::string& name) { return Argument(option_->type_name(name)); }
Argument Argument::group(const std::string& name) { return Argument(option_->group(name)); }
Argument Argument::required() { return Argument(option_->required()); }
Argument Argument::repeatable() { return Argument(option_->allow_extra_args(false)); }
Argument Argument::check(const Check& check) { return Argument(option_->check(check.complaint, check.shown)); }
Argument Argument::one_of(const std::vector<std::string>& words) {
    return Argument(option_->check(CLI::IsMember(words)));
}
Argument Argument::between(int low, int high) { return Argument(option_->check(CLI::Range(low, high))); }
Argument Argument::excludes(const std::string& other) { return Argument(option_->excludes(other)); }
Argument Argument::show_default() { return Argument(option_->capture_default_str()); }

Arguments::Arguments(const std::string& program, const std::string& summary)
    : app_(std::make_shared<CLI::App>(summary, program)) {
    app_->formatter(std::make_shared<HelpFormatter>());
    app_->set_help_flag("-h,--help", "this text")->group("Output");
}

void Arguments::examples(const std::string& lines) { app_->footer(lines); }

template <class T>
Argument Arguments::option(const std::string& names, T& value, const std::string& meaning) {
    return Argument(app_->add_option(names, value, meaning));
}
template Argument Arguments::option(const std::string&, std::string&, const std::string&);
template Argument Arguments::option(const std::string&, double&, const std::string&);
template Argument Arguments::option(const std::string&, int&, const std::string&);
template Argument Arguments::option(const std::string&, std::int64_t&, const std::string&);
template Argument Arguments::option(const std::string&, std::vector<std::string>&, const std::string&);
template Argument Arguments::option(const std::string&, std::vector<std::filesystem::path>&, const std::string&);

Argument Arguments::flag(const std::string& names, bool& value, const std::string& meaning) {
    return Argument(app_->add_flag(names, value, meaning));
}

Argument Arguments::each_value(const std::string& names, Take take, const std::string& meaning) {
    const auto take_all = [take = std::move(take)](const std::vector<std::string>& values) {
        std::ranges::for_each(values, take);
    };
    return Argument(app_->add_option_function<std::vector<std::string>>(names, take_all, meaning)).repeatable();
}

Argument Arguments::last_value(const std::string& names, Take take, const std::string& meaning) {
    return Argument(app_->add_option_function<std::string>(names, std::move(take), meaning)->take_last());
}

Arguments Arguments::subcommand(const std::string& name, const std::string& summary) {
    app_->require_subcommand(1);
    return Arguments(std::shared_ptr<CLI::App>(app_, app_->add_subcommand(name, summary)));
}

bool Arguments::given() const { return app_->parsed(); }
std::string Arguments::name() const { return app_->get_name(); }
std::string Arguments::summary() const { return app_->get_description(); }

std::vector<Word> Arguments::flags() const {
    std::vector<Word> words;
    for (const CLI::Option* option : app_->get_options())
        for (const std::string& name : option->get_lnames()) words.push_back({"--" + name, option->get_description()});
    return words;
}

std::vector<Arguments> Arguments::subcommands() const {
    std::vector<Arguments> all;
    for (CLI::App* subcommand : app_->get_subcommands([](const CLI::App*) { return true; }))
        all.push_back(Arguments(std::shared_ptr<CLI::App>(app_, subcommand)));
    return all;
}

std::optional<std::string> Arguments::parse(std::vector<std::string> words) {
    try {
        std::ranges::reverse(words);  // as CLI11 takes them
        app_->parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
        return app_->help();
    } catch (const CLI::ParseError& error) {
        const std::vector<CLI::App*> chosen = app_->get_subcommands();
        if (chosen.empty()) explain(name(), *this, app_->remaining(true), error.what());
        const Arguments last(std::shared_ptr<CLI::App>(app_, chosen.back()));
        explain(name() + " " + last.name(), last, app_->remaining(true), error.what());
    }
    refuse_empty(*app_, without_program(name()));
    return {};
}

}  // namespace lnn
