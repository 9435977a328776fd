#include "settings/text_system.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "lnn/error.hpp"
#include "settings/lagrangian_text.hpp"
#include "terminal/did_you_mean.hpp"

namespace lnn {

namespace {

[[noreturn]] void refuse(const std::string& line) { throw Error(Exit::usage, line); }

const std::vector<double>& values_of(const Config::System& chosen, const ParameterInfo& parameter) {
    const auto given = chosen.parameters.find(parameter.name);
    return given == chosen.parameters.end() ? parameter.defaults : given->second;
}

Program program_of(const Config::System& chosen, const SystemInfo& info) {
    std::map<std::string, double> parameters;
    for (const ParameterInfo& parameter : info.parameters)
        parameters[parameter.name] = values_of(chosen, parameter).front();
    return lagrangian_program(info.lagrangian, info.coordinates, parameters);
}

}  // namespace

SystemInfo chosen_system(const Config::System& chosen) {
    if (chosen.kind != text_system_name) return *find_system(chosen.kind);
    SystemInfo info{text_system_name,
                    "the system that system.lagrangian says",
                    int(chosen.coordinates.size()),
                    chosen.coordinates,
                    0,
                    {},
                    chosen.lagrangian};
    for (int i = 0; i < info.dof; ++i)
        if (std::find(chosen.angles.begin(), chosen.angles.end(), info.coordinates[i]) != chosen.angles.end())
            info.angles |= 1u << i;
    for (const auto& [name, values] : chosen.parameters) info.parameters.push_back({name, values, "", "parameter"});
    return info;
}

void check_text_system(const Config::System& chosen) {
    if (chosen.kind != text_system_name) {
        if (!chosen.lagrangian.empty() || !chosen.coordinates.empty() || !chosen.angles.empty())
            refuse(
                fmt::format("system.lagrangian, system.coordinates and system.angles are for system.kind = \"text\", "
                            "not \"{}\"",
                            chosen.kind));
        return;
    }
    if (chosen.coordinates.empty()) refuse("system.kind = \"text\" needs system.coordinates, such as [\"x\", \"y\"]");
    std::vector<std::string> names = chosen.coordinates;
    for (const std::string& coordinate : chosen.coordinates) names.push_back("v" + coordinate);
    for (const auto& [name, values] : chosen.parameters) names.push_back(name);
    for (std::size_t i = 0; i < names.size(); ++i) {
        const char* const key = i < 2 * chosen.coordinates.size() ? "system.coordinates" : text_parameters;
        if (!is_name(names[i])) refuse(fmt::format("{}: \"{}\" cannot be a name in a Lagrangian", key, names[i]));
        if (std::find(names.begin(), names.begin() + i, names[i]) != names.begin() + i)
            refuse(fmt::format("{}: the name {} is there twice", key, names[i]));
    }
    for (const std::string& angle : chosen.angles)
        if (std::find(chosen.coordinates.begin(), chosen.coordinates.end(), angle) == chosen.coordinates.end())
            refuse(fmt::format("system.angles: {} is none of system.coordinates{}", angle,
                               did_you_mean(angle, chosen.coordinates)));
    program_of(chosen, chosen_system(chosen));
}

SystemSpec system_spec(const Config::System& chosen) {
    const SystemInfo info = chosen_system(chosen);
    SystemSpec spec;
    spec.dof = info.dof;
    if (!info.lagrangian.empty()) {
        spec.kind = text_system;
        spec.program = program_of(chosen, info);
        return spec;
    }
    spec.kind = int(find_system(info.name) - systems().data());
    std::size_t at = 0;
    for (const ParameterInfo& parameter : info.parameters)
        for (const double value : values_of(chosen, parameter)) spec.parameters[at++] = value;
    return spec;
}

}  // namespace lnn
