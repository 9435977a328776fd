#include "settings/write.hpp"

#include <type_traits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "settings/schema.hpp"
#include "settings/text_system.hpp"

namespace lnn {

namespace {

template <class T>
requires std::is_integral_v<T> std::string to_toml(T x) { return fmt::to_string(x); }

std::string to_toml(double x) {
    const std::string text = fmt::format("{}", x);
    return text.find_first_of(".en") == text.npos ? text + ".0" : text;
}

std::string to_toml(const std::string& text) { return toml_string(text); }

template <class T>
std::string to_toml(const std::vector<T>& list) {
    std::string text;
    for (const T& x : list) text += (text.empty() ? "" : ", ") + to_toml(x);
    return "[" + text + "]";
}

std::string section_of(const std::string& key) { return key.substr(0, key.rfind('.')); }

// the comment above a key
std::string documentation(const Key& key) {
    std::string text = fmt::format("# {} [{}]\n", key.doc, key.expected());
    if (!key.rule.words.empty()) text = fmt::format("# {}\n", key.doc);
    for (const Word& word : key.rule.words) text += fmt::format("#   {}: {}\n", word.name, word.meaning);
    return text;
}

// a key that says a system as text: there is nothing to say of another
bool left_out(const Key& key, const Config& config) {
    return config.system.kind != text_system_name && key.name.starts_with("system.") && key.name != "system.kind";
}

// where a parameter of the chosen system stands in its section
std::string place_of(const Config::System& chosen, const ParameterInfo& parameter) {
    return (chosen.kind == text_system_name ? "parameters." : "") + parameter.name;
}

// the parameters of the chosen system, in its order, with those it has values for
template <class F>
void each_parameter(const Config::System& chosen, const F& f) {
    for (const ParameterInfo& parameter : chosen_system(chosen).parameters)
        if (const auto found = chosen.parameters.find(parameter.name); found != chosen.parameters.end())
            f(parameter, found->second);
}

}  // namespace

std::string toml_string(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            (quoted += '\\') += c;
        else if (byte < 0x20 || byte == 0x7f)
            quoted += fmt::format("\\u{:04X}", byte);
        else
            quoted += c;
    }
    return quoted + '"';
}

std::string config_to_toml(const Config& config, bool documented) {
    Config copy = config;
    std::string text, section;
    for (const Key& key : schema()) {
        if (!documented && left_out(key, config)) continue;
        if (section_of(key.name) != section) {
            section = section_of(key.name);
            text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section);
        }
        if (documented) text += documentation(key);
        const std::string value = std::visit([](const auto* x) { return to_toml(*x); }, key.at(copy));
        text += fmt::format("{} = {}\n", key.name.substr(section.size() + 1), value);
        if (key.name != "system.kind") continue;
        each_parameter(config.system, [&](const ParameterInfo& parameter, const std::vector<double>& values) {
            if (documented)
                text += fmt::format("# {}; {} [{}]\n", parameter.meaning, parameter.unit, expected(parameter));
            text += fmt::format("{} = {}\n", place_of(config.system, parameter),
                                values.size() == 1 ? to_toml(values[0]) : to_toml(values));
        });
    }
    return text;
}

nlohmann::ordered_json config_to_json(const Config& config) {
    Config copy = config;
    nlohmann::ordered_json json;
    const auto slot = [&](const std::string& key) -> nlohmann::ordered_json& {
        nlohmann::ordered_json* node = &json;
        std::size_t from = 0;
        for (std::size_t dot = key.find('.'); dot != key.npos; from = dot + 1, dot = key.find('.', from))
            node = &(*node)[key.substr(from, dot - from)];
        return (*node)[key.substr(from)];
    };
    for (const Key& key : schema()) {
        if (left_out(key, config)) continue;
        std::visit([&](const auto* x) { slot(key.name) = *x; }, key.at(copy));
        if (key.name != "system.kind") continue;
        each_parameter(config.system, [&](const ParameterInfo& parameter, const std::vector<double>& values) {
            nlohmann::ordered_json& value = slot("system." + place_of(config.system, parameter));
            value = values;
            if (values.size() == 1) value = values[0];
        });
    }
    return json;
}

}  // namespace lnn
