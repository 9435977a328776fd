// A mass on a spring that swings in a plane: r from the pivot, theta from the downward vertical. Mass matrix
// m diag(1, r^2), singular at r = 0.
#pragma once

#include "lnn/lagrangian.hpp"
#include "lnn/systems/table.hpp"

namespace lnn::inline LNN_ISA {

struct SpringPendulum {
    static constexpr int dof = 2;
    static constexpr SystemTable table = {"spring_pendulum",
                                          "a mass on a spring that swings in a plane",
                                          {"r", "theta"},
                                          0b10,
                                          4,
                                          {{"m", 1, 1.0, "kg", "mass"},
                                           {"k", 1, 10.0, "N/m", "stiffness"},
                                           {"r0", 1, 1.0, "m", "length of the spring at rest"},
                                           {"g", 1, 10.0, "m/s^2", "gravity"}},
                                          Picture::polar};

    template <class D>
    LNN_HD static D lagrangian(const double* p, const D* q, const D* v) {
        const double m = p[0], k = p[1], r0 = p[2], g = p[3];
        const D stretch = q[0] - r0;
        return 0.5 * m * (v[0] * v[0] + q[0] * q[0] * (v[1] * v[1])) + m * g * (q[0] * cos(q[1])) -
               0.5 * k * (stretch * stretch);
    }
};

// The spring pendulum as the student project that came before this program wrote it: m = 1, stiffness 2 k, and a
// constant radial force -g that the physical potential has not.
struct SpringPendulumSeed {
    static constexpr int dof = 2;
    static constexpr SystemTable table = {"spring_pendulum_seed",
                                          "the spring pendulum with the potential of the first student project",
                                          {"r", "theta"},
                                          0b10,
                                          3,
                                          {{"k", 1, 10.0, "N/m", "half the stiffness"},
                                           {"r0", 1, 1.0, "m", "length of the spring at rest"},
                                           {"g", 1, 10.0, "m/s^2", "gravity"}},
                                          Picture::polar};

    template <class D>
    LNN_HD static D lagrangian(const double* p, const D* q, const D* v) {
        const double k = p[0], r0 = p[1], g = p[2];
        const D stretch = q[0] - r0;
        return 0.5 * (v[0] * v[0] + q[0] * q[0] * (v[1] * v[1])) - g * (q[0] - q[0] * cos(q[1])) -
               k * (stretch * stretch);
    }
};

}  // namespace lnn::inline LNN_ISA
