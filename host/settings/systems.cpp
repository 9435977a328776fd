// The physical systems of the catalogue: those that are compiled (systems/list.hpp), and those that are text
// (data/systems/*.toml, settings/system_files.hpp).
#include <algorithm>

#include <fmt/format.h>

#include "lnn/systems/list.hpp"
#include "settings/catalog.hpp"
#include "settings/system_files.hpp"
#include "settings/toml_text.hpp"

namespace lnn {

namespace {

SystemInfo of_table(const SystemTable& t, int dof) {
    SystemInfo info{t.name, t.summary, dof, {}, t.angles, {}, {}};
    for (int i = 0; i < dof; ++i) info.coordinates.emplace_back(t.coordinates[i]);
    for (int i = 0; i < t.rows; ++i) {
        const ParameterRow& p = t.parameters[i];
        info.parameters.push_back({p.name, std::vector<double>(p.count, p.value), p.unit, p.meaning});
    }
    info.picture = t.picture;
    return info;
}

// a file of data/systems; a test asks that each has all of this
SystemInfo of_file(const SystemFile& file) {
    const toml::table table = parse_toml(file.text, fmt::format("system {}", file.name));
    const auto text = [&](const toml::table& in, const char* key) { return in[key].value_or(std::string()); };
    const auto has = [&](const char* key, const std::string& name) {
        const toml::array* const list = table[key].as_array();
        return list && std::any_of(list->begin(), list->end(),
                                   [&](const toml::node& entry) { return entry.value_or(std::string()) == name; });
    };
    SystemInfo info{std::string(file.name), text(table, "summary"), 0, {}, 0, {}, text(table, "lagrangian")};
    for (const toml::node& name : *table["coordinates"].as_array()) {
        info.coordinates.push_back(name.value_or(std::string()));
        if (has("angles", info.coordinates.back())) info.angles |= 1u << info.dof;
        ++info.dof;
    }
    if (text(table, "picture") == "chain") info.picture = Picture::chain;
    if (const toml::table* const parameters = table["parameters"].as_table())
        for (const auto& [name, row] : *parameters) {
            const toml::table& of = *row.as_table();
            info.parameters.push_back(
                {std::string(name.str()), {of["value"].value_or(0.0)}, text(of, "unit"), text(of, "meaning")});
        }
    return info;
}

}  // namespace

std::span<const SystemInfo> systems() {
    static const std::vector<SystemInfo> list = [] {
        std::vector<SystemInfo> all;
        for (int kind = 0; kind < Systems::count; ++kind)
            Systems::visit(kind, [&]<class System>() { all.push_back(of_table(System::table, System::dof)); });
        for (const SystemFile& file : system_files()) all.push_back(of_file(file));
        return all;
    }();
    return list;
}

SystemInfo measured_coordinates(int dof, std::uint32_t angles) {
    SystemInfo info{no_system, "no equations known: the coordinates of a measured file", dof, {}, angles, {}, {}};
    if (dof > 0 && angles == (std::uint64_t(1) << dof) - 1) info.picture = Picture::chain;
    for (int i = 1; i <= dof; ++i) info.coordinates.push_back("q" + std::to_string(i));
    return info;
}

const SystemInfo* find_system(std::string_view name) {
    static const SystemInfo none = measured_coordinates(0, 0);
    if (name == no_system) return &none;
    const auto found = std::ranges::find(systems(), name, &SystemInfo::name);
    return found == systems().end() ? nullptr : &*found;
}

const ParameterInfo* find_parameter(const SystemInfo& system, std::string_view name) {
    const auto found = std::ranges::find(system.parameters, name, &ParameterInfo::name);
    return found == system.parameters.end() ? nullptr : &*found;
}

}  // namespace lnn
