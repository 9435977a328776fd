#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "problem/problem.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "settings/load.hpp"
#include "settings/schema.hpp"
#include "settings/text_system.hpp"
#include "settings/write.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

// a field of run.json as text; empty where it is absent
std::string fact(const Part<Json>& record, const char* name) {
    return record && record->contains(name) ? value_line(record->at(name)) : "";
}

// a row for each value in it, objects flattened to dotted keys;
// style_of(key) is the style of a row
template <class F>
std::string rows_of(const std::string& key, const Json& value, F style_of) {
    if (value.is_object() && !value.empty()) {
        std::string rows;
        for (const auto& [name, inner] : value.items())
            rows += rows_of(key.empty() ? name : key + "." + name, inner, style_of);
        return rows;
    }
    return row({key, value_line(value)}, style_of(key));
}

}  // namespace

std::string title(const Contents& c) {
    if (!c.config) return fmt::format("Run {}", c.name);
    std::string system = c.config->system.kind;
    if (!c.problem->system) {
        system = std::filesystem::path(c.problem->data.path).filename().string();
    } else {
        std::replace(system.begin(), system.end(), '_', ' ');
        system[0] = char(std::toupper(system[0]));
    }
    return fmt::format("{}, learned by {} {}", system, c.config->model.kind, fmt::join(c.config->model.hidden, " × "));
}

std::string header(const Contents& c, std::string_view lead) {
    std::string facts = fmt::format("<span>run <b>{}</b></span>\n", escape(c.name));
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) facts += fmt::format("<span>{} <b>{}</b></span>\n", name, escape(value));
    };
    add("started", fact(c.record, "started"));
    add("status", fact(c.record, "status"));
    return fmt::format("<header>\n<h1>{}</h1>\n{}<p class=\"facts\">\n{}</p>\n</header>\n", escape(title(c)), lead,
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
    for (const ParameterInfo& p : chosen_system(c.config->system).parameters)
        defaults.system.parameters[p.name] = p.defaults;
    const std::vector<std::string> changed = differences(*c.config, defaults);
    std::string cards;
    const Json sections = config_to_json(*c.config);
    for (const auto& [name, keys] : sections.items()) {
        const std::string rows = rows_of("", keys, [&](const std::string& key) {
            const bool differs = std::find(changed.begin(), changed.end(), name + "." + key) != changed.end();
            return differs ? "changed" : "";
        });
        cards += fmt::format("<div><h3>{}</h3>\n{}</div>\n", escape(name), table(rows, "pairs"));
    }
    return section(
        "Settings",
        paragraph(fmt::format("From config.toml, which reproduces the run; bold: not as in the preset {}.", preset),
                  "note") +
            fmt::format("<div class=\"cards\">\n{}</div>\n", cards));
}

std::string record(const Contents& c) {
    if (!c.record) return section("Record", paragraph(c.record.reason, "absent"));
    const std::string rows = rows_of("", *c.record, [](const std::string&) { return ""; });
    return section("Record", paragraph("From run.json: what ran, where and how long.", "note") + table(rows, "pairs"));
}

}  // namespace lnn
