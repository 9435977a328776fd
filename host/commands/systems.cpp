// lnn_gpu systems: the physical systems there are.
#include <cctype>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "settings/catalog.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace {

// blanks and ends of lines as one blank
std::string without_breaks(const std::string& text) {
    std::string line;
    for (const char c : text)
        if (!std::isspace(static_cast<unsigned char>(c)))
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    while (line.ends_with(' ')) line.pop_back();
    return line;
}

std::string text_of(const SystemInfo& system) {
    std::string coordinates;
    for (std::size_t i = 0; i < system.coordinates.size(); ++i)
        coordinates +=
            fmt::format("{}{}{}", i ? ", " : "", system.coordinates[i], is_angle(system, i) ? " (angle)" : "");
    std::string text = fmt::format("{}: {}\n  coordinates: {}\n", system.name, system.summary, coordinates);
    if (!system.lagrangian.empty()) text += "  L = " + without_breaks(system.lagrangian) + "\n";
    for (const ParameterInfo& parameter : system.parameters) {
        const std::string value = parameter.defaults.size() == 1
                                      ? fmt::to_string(parameter.defaults[0])
                                      : fmt::format("[{}]", fmt::join(parameter.defaults, ", "));
        text += fmt::format("  system.{} = {}: {}; {}\n", parameter.name, value, parameter.meaning, parameter.unit);
    }
    return text;
}

nlohmann::ordered_json json_of(const SystemInfo& system) {
    nlohmann::ordered_json coordinates, parameters = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < system.coordinates.size(); ++i)
        coordinates.push_back({{"name", system.coordinates[i]}, {"angle", is_angle(system, i)}});
    for (const ParameterInfo& parameter : system.parameters)
        parameters.push_back({{"name", parameter.name},
                              {"defaults", parameter.defaults},
                              {"unit", parameter.unit},
                              {"meaning", parameter.meaning}});
    nlohmann::ordered_json json = {{"name", system.name},
                                   {"summary", system.summary},
                                   {"dof", system.dof},
                                   {"coordinates", coordinates},
                                   {"parameters", parameters}};
    if (!system.lagrangian.empty()) json["lagrangian"] = without_breaks(system.lagrangian);
    return json;
}

}  // namespace

Action systems_command(Arguments& arguments) {
    auto options = std::make_shared<Options>();
    arguments.examples("lnn_gpu systems\nlnn_gpu run --set system.kind=double_pendulum");
    add_json_flag(arguments, *options);
    return [options] {
        nlohmann::ordered_json json = nlohmann::ordered_json::array();
        for (const SystemInfo& system : systems()) {
            if (options->json)
                json.push_back(json_of(system));
            else
                fmt::print("{}{}", &system == systems().data() ? "" : "\n", text_of(system));
        }
        if (options->json) print_json(json);
        return Exit::ok;
    };
}

}  // namespace lnn
