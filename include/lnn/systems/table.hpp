// What a system says of itself, as constant data: names, units, defaults.
#pragma once

#include <cstdint>

#include "lnn/spec.hpp"

namespace lnn {

struct ParameterRow {
    const char* name;
    int count;  // values: one, or one per body
    double value;
    const char* unit;
    const char* meaning;
};

struct SystemTable {
    const char* name;
    const char* summary;
    const char* coordinates[max_system_dof];
    std::uint32_t angles;  // bit i: coordinate i is an angle
    int rows;
    ParameterRow parameters[max_parameters];
};

}  // namespace lnn
