// Two point masses on massless rods; angles from the downward vertical.
#pragma once

#include "lnn/lagrangian.hpp"
#include "lnn/systems/table.hpp"

namespace lnn::inline LNN_ISA {

struct DoublePendulum {
    static constexpr int dof = 2;
    static constexpr SystemTable table = {"double_pendulum",
                                          "two point masses on massless rods",
                                          {"theta1", "theta2"},
                                          0b11,
                                          3,
                                          {{"m", 2, 1.0, "kg", "masses, from the pivot outwards"},
                                           {"l", 2, 1.0, "m", "lengths of the rods"},
                                           {"g", 1, 9.8, "m/s^2", "gravity"}},
                                          Picture::chain};

    template <class D>
    LNN_HD static D lagrangian(const double* p, const D* q, const D* v) {
        const double m1 = p[0], m2 = p[1], l1 = p[2], l2 = p[3], g = p[4];
        return 0.5 * (m1 + m2) * l1 * l1 * (v[0] * v[0]) + 0.5 * m2 * l2 * l2 * (v[1] * v[1]) +
               m2 * l1 * l2 * (v[0] * v[1] * cos(q[0] - q[1])) + (m1 + m2) * g * l1 * cos(q[0]) +
               m2 * g * l2 * cos(q[1]);
    }
};

}  // namespace lnn::inline LNN_ISA
