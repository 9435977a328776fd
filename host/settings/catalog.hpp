// What a person may name: the models, and the physical systems with their coordinates and parameters, as data. Made from
// models/list.hpp and systems/list.hpp, so that what is listed there appears in every command.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lnn/systems/table.hpp"

namespace lnn {

struct Integrator;  // lnn/runge_kutta.hpp

struct ParameterInfo {
    std::string name;              // "m", "l", "g"
    std::vector<double> defaults;  // one value, or one per body
    std::string unit, meaning;
};

struct SystemInfo {
    std::string name, summary;
    int dof = 0;
    std::vector<std::string> coordinates;  // "theta1", "theta2"
    std::uint32_t angles = 0;              // bit i: coordinate i is an angle
    std::vector<ParameterInfo> parameters;
    std::string lagrangian;  // as text; empty: compiled
    Picture picture = Picture::points;
};

inline bool is_angle(const SystemInfo& system, std::size_t coordinate) { return system.angles >> coordinate & 1; }
inline const char* unit_of(const SystemInfo& system, std::size_t coordinate) {
    return is_angle(system, coordinate) ? "rad" : "m";
}

struct ModelInfo {
    std::string name, summary;
    bool lagrangian = false;  // it has a mass matrix and an energy
    std::vector<std::pair<std::string, std::string>>
        init_rules;  // of its first weights: name, meaning; the first is its own
};

std::span<const ModelInfo> models();  // in the order of ModelSpec::kind

std::span<const SystemInfo> systems();  // those compiled first, in the order of SystemSpec::kind

struct LossInfo {
    std::string name, meaning;
};

std::span<const LossInfo> losses();  // in the order of LossSpec::kind

// what a measured file has: coordinates q1 .. qn, and no equations
inline constexpr const char* no_system = "none";
SystemInfo measured_coordinates(int dof, std::uint32_t angles);

// by name; null where there is none
const ModelInfo* find_model(std::string_view name);
const Integrator* find_integrator(std::string_view name);
const LossInfo* find_loss(std::string_view name);
const SystemInfo* find_system(std::string_view name);  // also "none", without coordinates
const ParameterInfo* find_parameter(const SystemInfo&, std::string_view name);

}  // namespace lnn
