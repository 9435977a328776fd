// What protocols of papers have in common.
#pragma once

#include "problem/problem.hpp"

namespace lnn {

struct Published {
    const char* who;
    double error;
};

// angles in [0, angle], angular velocities in [-speed, speed]; Exit::usage where a coordinate is no angle
Draw pendulum_draw(const SystemInfo&, double angle, double speed);

}  // namespace lnn
