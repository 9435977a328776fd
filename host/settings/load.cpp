#include "settings/load.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

#include "files/atomic_file.hpp"
#include "lnn/error.hpp"
#include "settings/presets.hpp"
#include "settings/schema.hpp"
#include "settings/text_system.hpp"
#include "settings/toml_text.hpp"
#include "settings/validate.hpp"
#include "settings/write.hpp"
#include "terminal/did_you_mean.hpp"

namespace lnn {

namespace {

constexpr std::size_t largest_file = 1 << 20;  // bytes of a configuration

[[noreturn]] void refuse(const std::string& line) { throw Error(Exit::usage, line); }

// "FILE:3:7"
std::string place(std::string_view document, const toml::source_region& source) {
    return fmt::format("{}:{}:{}", document, source.begin.line, source.begin.column);
}

// --- values

bool read(const toml::node& node, int& out) {
    const auto x = node.value_exact<std::int64_t>();
    const bool fits = x && *x >= std::numeric_limits<int>::min() && *x <= std::numeric_limits<int>::max();
    if (fits) out = static_cast<int>(*x);
    return fits;
}

bool read(const toml::node& node, std::int64_t& out) {
    const auto x = node.value_exact<std::int64_t>();
    if (x) out = *x;
    return x.has_value();
}

bool read(const toml::node& node, std::uint64_t& out) {
    const auto x = node.value_exact<std::int64_t>();
    const bool fits = x && *x >= 0;
    if (fits) out = static_cast<std::uint64_t>(*x);
    return fits;
}

bool read(const toml::node& node, double& out) {
    if (!node.is_number()) return false;
    out = *node.value<double>();
    return true;
}

bool read(const toml::node& node, std::string& out) {
    const auto x = node.value_exact<std::string>();
    if (x) out = *x;
    return x.has_value();
}

template <class T>
bool read(const toml::node& node, std::vector<T>& out) {
    const toml::array* array = node.as_array();
    if (!array) return false;
    std::vector<T> list(array->size());
    for (std::size_t i = 0; i < list.size(); ++i)
        if (!read((*array)[i], list[i])) return false;
    out = list;
    return true;
}

// a value as an error line shows it
std::string shown(const toml::node& node) {
    if (node.is_table()) return "a section";
    std::ostringstream text;
    text << toml::node_view<const toml::node>(node);
    const std::string line = text.str();
    return line.size() <= 60 ? line : line.substr(0, 57) + "...";
}

// a setting given as text; a string needs no quotes, and what is no TOML value is a bare word
toml::table parse_value(const Setting& setting, bool string) {
    const bool quoted = setting.value.starts_with('"') || setting.value.starts_with('\'');
    if (!string || quoted) try {
            toml::table table = parse_toml("value = " + setting.value, "");
            if (table.size() == 1) return table;
        } catch (const Error&) {
        }
    try {
        return parse_toml("value = " + toml_string(setting.value), "");
    } catch (const Error&) {
        refuse(fmt::format("{}: the value of {} is not UTF-8 text", setting.origin, setting.key));
    }
}

// --- names

std::string last_part(std::string_view name) { return std::string(name.substr(name.rfind('.') + 1)); }

std::vector<std::string> section_names() {
    std::vector<std::string> names;
    for (const Key& key : schema())
        for (std::size_t dot = key.name.find('.'); dot != key.name.npos; dot = key.name.find('.', dot + 1)) {
            const std::string section = key.name.substr(0, dot);
            if (std::find(names.begin(), names.end(), section) == names.end()) names.push_back(section);
        }
    return names;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// a mistyped key: nearest in its section, else the same key in another section, else the nearest full name
std::string suggest_key(const std::string& name) {
    const std::vector<std::string> names = key_names();
    const std::string section = name.substr(0, name.size() - std::min(name.size(), last_part(name).size() + 1));
    std::vector<std::string> siblings;
    for (const std::string& key : names)
        if (key.starts_with(section + ".") && key == section + "." + last_part(key)) siblings.push_back(last_part(key));
    std::string found = nearest(last_part(name), siblings);
    if (!found.empty()) found = section + "." + found;
    for (const std::string& key : names)
        if (found.empty() && last_part(key) == last_part(name)) found = key;
    if (found.empty() && siblings.empty()) found = nearest(name, names);
    return found.empty() ? "" : fmt::format(" (did you mean '{}'?)", found);
}

// --- the settings of all sources, in rising order of authority

class Loader {
  public:
    void add_preset(const std::string& name) {
        std::vector<std::string> names;
        for (const Preset& preset : presets()) {
            names.emplace_back(preset.name);
            if (preset.name != name) continue;
            const std::string document = "preset " + name;
            toml::table table = parse_toml(preset.text, document);
            if (const std::string base = base_of(document, table); !base.empty()) add_preset(base);
            return add_document(document, std::move(table));
        }
        refuse(fmt::format("unknown preset '{}'{}; there are {}", name, did_you_mean(name, names),
                           fmt::join(names, ", ")));
    }

    void add_document(const std::string& document, toml::table table) {
        ++rank_;
        tables_.push_back(std::move(table));
        flatten(document, tables_.back(), "");
    }

    void add_environment() {
        ++rank_;
        std::vector<std::string> variables;
        const std::vector<std::string> names = key_names();
        for (const std::string& name : names) variables.push_back(environment_name(name));
        for (char** entry = environ; *entry; ++entry) {
            const std::string_view text = *entry;
            if (!text.starts_with("LNN_GPU_")) continue;
            const std::string variable(text.substr(0, text.find('=')));
            const auto found = std::find(variables.begin(), variables.end(), variable);
            if (found == variables.end())
                refuse(fmt::format("environment: unknown variable {}{}", variable, did_you_mean(variable, variables)));
            add_text({names[static_cast<std::size_t>(found - variables.begin())],
                      std::string(text.substr(variable.size() + 1)), "environment " + variable});
        }
    }

    void add_flags(const std::vector<Setting>& settings) {
        ++rank_;
        for (const Setting& setting : settings) {
            if (!contains(key_names(), setting.key) && !setting.key.starts_with(text_parameters + std::string(".")))
                refuse(fmt::format("{}: unknown key '{}'{}", setting.origin, setting.key, suggest_key(setting.key)));
            add_text(setting);
        }
    }

    // "NAME" of a top-level base, empty where there is none
    static std::string base_of(const std::string& document, const toml::table& table) {
        const toml::node* node = table.get("base");
        std::string name;
        if (node && !read(*node, name))
            refuse(fmt::format("{}: base must be the name of a preset, not {}", place(document, node->source()),
                               shown(*node)));
        return name;
    }

    Config config(Config config = {}) {
        // which parameters there are depends on the system, so it is chosen first
        std::stable_partition(entries_.begin(), entries_.end(),
                              [](const Entry& entry) { return entry.key == "system.kind"; });
        std::map<std::string, int> rank_of;
        for (const Entry& entry : entries_) {
            const std::string kind = config.system.kind;
            assign(config, entry);
            if (config.system.kind != kind) config.system.parameters.clear();
            rank_of[entry.key] = entry.rank;
        }
        if (config.train.epochs > 0 && config.train.steps > 0) {
            if (rank_of["train.epochs"] < rank_of["train.steps"]) config.train.epochs = 0;
            if (rank_of["train.steps"] < rank_of["train.epochs"]) config.train.steps = 0;
        }
        for (const ParameterInfo& parameter : chosen_system(config.system).parameters)
            config.system.parameters.try_emplace(parameter.name, parameter.defaults);
        return config;
    }

  private:
    struct Entry {
        std::string key;
        const toml::node* value;  // in tables_
        std::string where;
        int rank;
    };

    void add_text(const Setting& setting) {
        const Key* key = find_key(setting.key);
        Config config;
        const bool string = key && std::holds_alternative<std::string*>(key->at(config));
        tables_.push_back(parse_value(setting, string));
        add_entry(setting.key, *tables_.back().get("value"), setting.origin);
    }

    // the numbers of a text system are a table, each entry a setting of its own
    void add_entry(const std::string& key, const toml::node& value, const std::string& where) {
        if (key != text_parameters) return entries_.push_back({key, &value, where, rank_});
        if (!value.is_table()) refuse(fmt::format("{}: {} must be a table, as in {{ m = 1.0 }}", where, key));
        for (const auto& [name, number] : *value.as_table())
            entries_.push_back({key + "." + std::string(name.str()), &number, where, rank_});
    }

    void flatten(const std::string& document, const toml::table& table, const std::string& prefix) {
        const std::vector<std::string> keys = key_names(), sections = section_names();
        for (const auto& [key, node] : table) {
            const std::string name = prefix + std::string(key.str());
            const std::string where = place(document, key.source());
            if (name == "base") continue;
            if (contains(keys, name)) {
                add_entry(name, node, place(document, node.source()));
            } else if (contains(sections, name)) {
                if (!node.is_table()) refuse(fmt::format("{}: {} is a section, not a setting", where, name));
                flatten(document, *node.as_table(), name + ".");
            } else if (node.is_table()) {
                refuse(fmt::format("{}: unknown section '{}'{}", where, name, did_you_mean(name, sections)));
            } else {
                refuse(fmt::format("{}: unknown key '{}'{}", where, name, suggest_key(name)));
            }
        }
    }

    static void assign(Config& config, const Entry& entry) {
        const Key* key = find_key(entry.key);
        if (!key) return assign_parameter(config.system, entry);
        const bool typed = std::visit([&](auto* out) { return read(*entry.value, *out); }, key->at(config));
        if (typed && violation(*key, config).empty()) return;
        std::vector<std::string> words;
        for (const Word& word : key->rule.words) words.push_back(word.name);
        const std::string name = entry.value->value_exact<std::string>().value_or("");
        const bool missing = contains(key->rule.missing, name);
        throw Error(
            missing ? Exit::backend : Exit::usage,
            fmt::format("{}: {} must be {}, not {}{}", entry.where, key->name, key->expected(), shown(*entry.value),
                        missing ? ", which no backend offers yet" : did_you_mean(name, words)));
    }

    static void assign_parameter(Config::System& chosen, const Entry& entry) {
        const std::string name = last_part(entry.key);
        if (chosen.kind == text_system_name) {
            double value = 0;
            if (!read(*entry.value, value) || !std::isfinite(value))
                refuse(
                    fmt::format("{}: {} must be a finite number, not {}", entry.where, entry.key, shown(*entry.value)));
            chosen.parameters[name] = {value};
            return;
        }
        const SystemInfo& system = *find_system(chosen.kind);
        const ParameterInfo* parameter = find_parameter(system, name);
        if (!parameter) {
            std::vector<std::string> names;
            for (const ParameterInfo& other : system.parameters) names.push_back(other.name);
            refuse(fmt::format("{}: {} has no parameter '{}'; it has {}", entry.where, system.name, name,
                               fmt::join(names, ", ")));
        }
        // a single value needs no brackets
        std::vector<double> values(1);
        const std::size_t count = parameter->defaults.size();
        const bool typed = (count == 1 && read(*entry.value, values[0])) || read(*entry.value, values);
        const auto finite = [](double x) { return std::isfinite(x); };
        if (!typed || values.size() != count || !std::all_of(values.begin(), values.end(), finite))
            refuse(fmt::format("{}: {} of {} must be {}, not {}", entry.where, entry.key, system.name,
                               expected(*parameter), shown(*entry.value)));
        chosen.parameters[name] = values;
    }

    int rank_ = 0;
    std::deque<toml::table> tables_;  // what entries point into
    std::vector<Entry> entries_;
};

}  // namespace

std::string string_value(const Setting& setting) {
    return parse_value(setting, true).get("value")->value<std::string>().value_or("");
}

Config load(const Sources& sources) {
    return load(sources, sources.file.empty() ? "" : read_file_up_to(largest_file, sources.file));
}

Config load(const Sources& sources, const std::string& text) {
    const bool with_file = !sources.file.empty();
    const auto document = [&] { return parse_toml(text, sources.file); };  // a copy of one would forget its lines
    std::string preset = sources.preset;
    if (with_file && preset.empty()) preset = Loader::base_of(sources.file, document());
    const auto on_top_of = [&](const std::string& base) {
        Loader loader;
        loader.add_preset(base);
        if (with_file) loader.add_document(sources.file, document());
        if (sources.environment) loader.add_environment();
        loader.add_flags(sources.flags);
        return loader.config();
    };
    Config config = on_top_of(preset.empty() ? default_preset : preset);
    if (preset.empty() && config.data.is_file()) config = on_top_of(measured_preset);
    validate(config);
    return config;
}

Config with_settings(Config config, const std::vector<Setting>& settings) {
    Loader loader;
    loader.add_flags(settings);
    config = loader.config(std::move(config));
    validate(config);
    return config;
}

}  // namespace lnn
