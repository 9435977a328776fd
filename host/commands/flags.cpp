#include "commands/flags.hpp"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "lnn/error.hpp"
#include "settings/schema.hpp"

namespace lnn {

namespace {

// --set key=value
Setting setting_of(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == text.npos)
        throw Error(Exit::usage, fmt::format("--set {}: expected key=value, as in --set train.lr=1e-3", text));
    const auto trimmed = [](std::string part) {
        part.erase(0, part.find_first_not_of(' '));
        part.erase(part.find_last_not_of(' ') + 1);
        return part;
    };
    return {trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1)), "--set " + text};
}

// the words of a key, for --help
std::string words_of(const Key& key) {
    std::string text;
    for (const Word& word : key.rule.words) text += (text.empty() ? "" : "|") + word.name;
    return text.empty() ? "" : ": " + text;
}

}  // namespace

void add_setting_flags(CLI::App& app, Options& options) {
    app.add_option("-c,--config", options.config, "configuration (TOML)")->type_name("FILE")->group("Configuration");
    app.add_option("--preset", options.preset,
                   "prepared configuration to start from; none given: default, or measured for a file")
        ->type_name("NAME")
        ->group("Configuration");
    const auto set = [&options](const std::vector<std::string>& texts) {
        for (const std::string& text : texts) options.settings.push_back(setting_of(text));
    };
    app.add_option_function<std::vector<std::string>>("--set", set, "one setting, e.g. train.lr=1e-3; repeatable")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false)
        ->group("Configuration");
    for (const char* name : {"backend", "device", "threads", "precision", "state", "seed"}) {
        const Key& key = *find_key(std::string("run.") + name);
        const std::string flag = std::string("--") + name;
        const auto assign = [&options, key = key.name, flag](const std::string& value) {
            options.settings.push_back({key, value, flag});
        };
        app.add_option_function<std::string>(flag, assign, key.doc + words_of(key))
            ->type_name(key.is_integer() ? "N" : "WORD")
            ->take_last()
            ->group("Configuration");
    }
}

void add_target_flags(CLI::App& app, Options& options, const std::string& what_out_is) {
    app.add_option("--out", options.out, what_out_is)->type_name("PATH")->group("Output");
    app.add_flag("--force", options.force, "overwrite what is there")->group("Output");
    app.add_flag("--dry-run", options.dry_run,
                 "print the configuration and an estimate of memory and time; write nothing")
        ->group("Output");
}

void add_json_flag(CLI::App& app, Options& options) {
    app.add_flag("--json", options.json, "the result alone on stdout, as JSON")->group("Output");
}

void add_talk_flags(CLI::App& app, Options& options) {
    add_json_flag(app, options);
    CLI::Option* quiet = app.add_flag("-q,--quiet", options.quiet, "only errors on stderr")->group("Output");
    app.add_flag("-v,--verbose", options.verbose, "more on stderr: what computes, and how long each stage took")
        ->excludes(quiet)
        ->group("Output");
    app.add_flag("--no-progress", options.no_progress, "no progress on stderr")->group("Output");
}

CLI::Validator positive_number() {
    const auto check = [](const std::string& text) {
        double value = 0;
        const char* const end = text.data() + text.size();
        const auto [next, error] = std::from_chars(text.data(), end, value);
        const bool good = error == std::errc() && next == end && std::isfinite(value) && value > 0;
        return good ? "" : fmt::format("'{}' is not a finite number above 0", text);
    };
    return CLI::Validator(check, "POSITIVE");
}

CLI::Validator a_word_of(const std::string& key) {
    std::vector<std::string> names;
    for (const Word& word : find_key(key)->rule.words) names.push_back(word.name);
    return CLI::IsMember(names);
}

CLI::Validator count_up_to(std::int64_t most) {
    const auto check = [most](const std::string& text) {
        std::int64_t value = 0;
        const char* const end = text.data() + text.size();
        const auto [next, error] = std::from_chars(text.data(), end, value);
        const bool good = error == std::errc() && next == end && value >= 1 && value <= most;
        return good ? "" : fmt::format("'{}' is not a whole number from 1 to {}", text, most);
    };
    return CLI::Validator(check, "COUNT");
}

}  // namespace lnn
