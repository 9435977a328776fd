#include "commands/eval_settings.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "files/run_files.hpp"
#include "lnn/error.hpp"
#include "settings/schema.hpp"

namespace lnn {

namespace {

constexpr const char* metadata_origin = "the weights' metadata";

// what a run may be asked anew with: the evaluation, the numerics, where its trajectories start
bool of_the_evaluation(const std::string& key) {
    if (key == "run.seed" || key == "run.seeds") return false;
    if (key.starts_with("eval.") || key.starts_with("run.") || key.starts_with("solve.")) return true;
    return key == "data.angle" || key == "data.position" || key == "data.velocity" || key == "data.distribution";
}

// Exit::usage for the first flag whose key is `fixed` and that changes what there is without such flags
template <class Fixed>
void refuse_changes(const Options& options, Fixed&& fixed, const std::string& whose) {
    const auto refusable = [&](const Setting& s) { return fixed(s.key) && s.origin != metadata_origin; };
    Options without = options;
    std::erase_if(without.settings, refusable);
    const Config own = resolve(without);
    for (const Setting& s : options.settings)
        if (refusable(s) && !differences(own, with_settings(own, {s})).empty())
            throw Error(Exit::usage, fmt::format("{} own {}; leave out {}", whose, s.key, s.origin));
}

// m=1,1;l=1,1;g=9.8
std::vector<Setting> parameter_settings(std::string text) {
    std::vector<Setting> settings;
    while (!text.empty()) {
        const std::string one = text.substr(0, text.find(';'));
        text.erase(0, one.size() + 1);
        const std::size_t equals = one.find('=');
        const std::string value = one.substr(equals + 1);
        settings.push_back({"system." + one.substr(0, equals),
                            value.find(',') == value.npos ? value : "[" + value + "]", metadata_origin});
    }
    return settings;
}

}  // namespace

void take_run(const std::string& run, Options& options) {
    if (!options.config.empty() || !options.preset.empty())
        throw Error(Exit::usage, fmt::format("{} has its own configuration; leave out --config and --preset", run));
    options.config = run + "/" + run_files::config;
    options.environment = false;
    refuse_changes(
        options, [](const std::string& key) { return !of_the_evaluation(key); }, run + " has its");
}

void take_system(const Network& network, Options& options) {
    const auto at = network.metadata.find("system");
    if (at == network.metadata.end() || at->second == no_system || !find_system(at->second)) return;
    for (const Setting& setting : options.settings)
        if (setting.key == "system.kind" && string_value(setting) != at->second) {
            const SystemInfo* wanted = find_system(string_value(setting));
            if (!wanted || wanted->dof != network.spec.dof) return;  // refused where it does not fit
            throw Error(Exit::usage,
                        fmt::format("the weights were learned from {}; leave out {}", at->second, setting.origin));
        }
    std::vector<Setting> told = {{"system.kind", at->second, metadata_origin}};
    if (const auto params = network.metadata.find("params"); params != network.metadata.end())
        std::ranges::copy(parameter_settings(params->second), std::back_inserter(told));
    options.settings.insert(options.settings.begin(), told.begin(), told.end());
    const auto is_told = [&](const std::string& key) {
        return std::any_of(told.begin(), told.end(), [&](const Setting& s) { return s.key == key; });
    };
    refuse_changes(options, is_told, "the weights have their");
}

}  // namespace lnn
