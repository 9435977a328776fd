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

void add_setting_flags(Arguments& arguments, Options& options) {
    arguments.option("-c,--config", options.config, "configuration (TOML)").type("FILE").group("Configuration");
    arguments
        .option("--preset", options.preset,
                "prepared configuration to start from; none given: default, or measured for a file")
        .type("NAME")
        .group("Configuration");
    const auto set = [&options](const std::string& text) { options.settings.push_back(setting_of(text)); };
    arguments.each_value("--set", set, "one setting, e.g. train.lr=1e-3; repeatable")
        .type("KEY=VALUE")
        .group("Configuration");
    for (const char* name : {"backend", "device", "threads", "precision", "state", "seed"}) {
        const Key& key = *find_key(std::string("run.") + name);
        const std::string flag = std::string("--") + name;
        const auto assign = [&options, key = key.name, flag](const std::string& value) {
            options.settings.push_back({key, value, flag});
        };
        arguments.last_value(flag, assign, key.doc + words_of(key))
            .type(key.is_integer() ? "N" : "WORD")
            .group("Configuration");
    }
}

void add_target_flags(Arguments& arguments, Options& options, const std::string& what_out_is) {
    arguments.option("--out", options.out, what_out_is).type("PATH").group("Output");
    arguments.flag("--force", options.force, "overwrite what is there").group("Output");
    arguments
        .flag("--dry-run", options.dry_run, "print the configuration and an estimate of memory and time; write nothing")
        .group("Output");
}

void add_json_flag(Arguments& arguments, Options& options) {
    arguments.flag("--json", options.json, "the result alone on stdout, as JSON").group("Output");
}

void add_talk_flags(Arguments& arguments, Options& options) {
    add_json_flag(arguments, options);
    arguments.flag("-q,--quiet", options.quiet, "only errors on stderr").group("Output");
    arguments.flag("-v,--verbose", options.verbose, "more on stderr: what computes, and how long each stage took")
        .excludes("--quiet")
        .group("Output");
    arguments.flag("--no-progress", options.no_progress, "no progress on stderr").group("Output");
}

Check positive_number() {
    const auto complaint = [](const std::string& text) {
        double value = 0;
        const char* const end = text.data() + text.size();
        const auto [next, error] = std::from_chars(text.data(), end, value);
        const bool good = error == std::errc() && next == end && std::isfinite(value) && value > 0;
        return good ? "" : fmt::format("'{}' is not a finite number above 0", text);
    };
    return {"POSITIVE", complaint};
}

std::vector<std::string> allowed_words(const std::string& key) {
    std::vector<std::string> names;
    for (const Word& word : find_key(key)->rule.words) names.push_back(word.name);
    return names;
}

Check count_up_to(std::int64_t most) {
    const auto complaint = [most](const std::string& text) {
        std::int64_t value = 0;
        const char* const end = text.data() + text.size();
        const auto [next, error] = std::from_chars(text.data(), end, value);
        const bool good = error == std::errc() && next == end && value >= 1 && value <= most;
        return good ? "" : fmt::format("'{}' is not a whole number from 1 to {}", text, most);
    };
    return {"COUNT", complaint};
}

std::pair<std::int64_t, std::int64_t> pair_of(const std::string& text, char between, const char* expected) {
    std::int64_t a = 0, b = 0;
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, a);
    const bool parted = first.ec == std::errc() && first.ptr != end && *first.ptr == between;
    const auto second = std::from_chars(parted ? first.ptr + 1 : end, end, b);
    if (!parted || second.ec != std::errc() || second.ptr != end || a < 0)
        throw Error(Exit::usage, expected + (": not " + text));
    return {a, b};
}

void take_seeds(const std::string& seeds, Options& options) {
    if (seeds.empty()) return;
    const auto [from, to] = pair_of(seeds, ':', "--seeds: expected A:B, as in 0:8 for 0 to 7");
    if (to <= from) throw Error(Exit::usage, "--seeds: expected A:B with A below B, as in 0:8 for 0 to 7");
    options.settings.push_back({"run.seed", fmt::to_string(from), "--seeds"});
    options.settings.push_back({"run.seeds", fmt::to_string(to - from), "--seeds"});
}

}  // namespace lnn
