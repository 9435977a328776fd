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

// How a system looks in the plane. chain: angles of rods of lengths l, each hanging from the end of the one before; polar:
// r and an angle, a bob on a spring; slider: a mass on a spring that moves sideways; points: the point of the first two
// coordinates.
enum class Picture { points, chain, polar, slider };

struct SystemTable {
    const char* name;
    const char* summary;
    const char* coordinates[max_system_dof];
    std::uint32_t angles;  // bit i: coordinate i is an angle
    int rows;
    ParameterRow parameters[max_parameters];
    Picture picture = Picture::points;
};

}  // namespace lnn
