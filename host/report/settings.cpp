#include <algorithm>

#include <fmt/format.h>

#include "config/load.hpp"
#include "config/schema.hpp"
#include "config/write.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

std::string plain(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// a field of run.json as text; empty where it is absent
std::string fact(const Part<Json>& record, const char* name) {
    return record && record->contains(name) ? plain(record->at(name)) : "";
}

// objects are flattened to dotted keys, lists of words and numbers to one line
void add_rows(std::string& rows, const std::string& key, const Json& value) {
    if (value.is_object() && !value.empty()) {
        for (const auto& [name, inner] : value.items())
            add_rows(rows, key.empty() ? name : key + "." + name, inner);
        return;
    }
    const bool list = value.is_array() && std::none_of(value.begin(), value.end(),
                                                       [](const Json& x) { return x.is_structured(); });
    std::string text;
    if (list)
        for (const Json& x : value) text += (text.empty() ? "" : " ") + plain(x);
    rows += row({key, list ? text : plain(value)});
}

}  // namespace

std::string title(const Contents& c) {
    if (!c.config) return fmt::format("Run {}", c.run.filename().string());
    return fmt::format("{}, learned by {} {}", c.config->system.kind, c.config->model.kind,
                       fmt::join(c.config->model.hidden, " × "));
}

std::string header(const Contents& c) {
    std::string facts = fmt::format("<span>run <b>{}</b></span>\n", escape(c.run.filename().string()));
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) facts += fmt::format("<span>{} <b>{}</b></span>\n", name, escape(value));
    };
    add("started", fact(c.record, "started"));
    add("status", fact(c.record, "status"));
    return fmt::format("<header>\n<h1>{}</h1>\n<p class=\"facts\">\n{}</p>\n</header>\n", escape(title(c)),
                       facts);
}

std::string settings(const Contents& c) {
    if (!c.config) {
        std::string html = paragraph(c.config.reason, "absent");
        if (c.toml) html += fmt::format("<div class=\"scroll\"><pre>{}</pre></div>\n", escape(*c.toml));
        return section("Settings", html);
    }
    const char* const preset = c.config->data.is_file() ? measured_preset : default_preset;
    Config defaults = load({.preset = preset, .file = "", .flags = {}, .environment = false});
    defaults.system.parameters.clear();
    for (const ParameterInfo& p : find_system(c.config->system.kind)->parameters)
        defaults.system.parameters[p.name] = p.defaults;
    const std::vector<std::string> changed = differences(*c.config, defaults);
    std::string cards;
    const Json sections = config_to_json(*c.config);
    for (const auto& [name, keys] : sections.items()) {
        std::string rows;
        for (const auto& [key, value] : keys.items()) {
            const bool differs = std::any_of(changed.begin(), changed.end(), [&](const std::string& other) {
                const std::string full = name + "." + key;
                return other == full || other.starts_with(full + ".");
            });
            rows += row({key, plain(value)}, differs ? "changed" : "");
        }
        cards += fmt::format("<div><h3>{}</h3>\n{}</div>\n", escape(name), table(rows, "pairs"));
    }
    return section(
        "Settings",
        paragraph(fmt::format("From config.toml, which reproduces the run; bold: not as in the preset {}.", preset), "note") +
            fmt::format("<div class=\"cards\">\n{}</div>\n", cards));
}

std::string record(const Contents& c) {
    if (!c.record) return section("Record", paragraph(c.record.reason, "absent"));
    std::string rows;
    add_rows(rows, "", *c.record);
    return section("Record",
                   paragraph("From run.json: what ran, where and how long.", "note") + table(rows, "pairs"));
}

}  // namespace lnn
