// A point mass on a massless rod; the angle from the downward vertical.
#pragma once

#include "lnn/lagrangian.hpp"
#include "lnn/systems/table.hpp"

namespace lnn::inline LNN_ISA {

struct Pendulum {
    static constexpr int dof = 1;
    static constexpr SystemTable table = {
        "pendulum",
        "a point mass on a massless rod",
        {"theta"},
        0b1,
        3,
        {{"m", 1, 1.0, "kg", "mass"}, {"l", 1, 1.0, "m", "length of the rod"}, {"g", 1, 9.8, "m/s^2", "gravity"}},
        Picture::chain};

    template <class D>
    LNN_HD static D lagrangian(const double* p, const D* q, const D* v) {
        const double m = p[0], l = p[1], g = p[2];
        return 0.5 * m * l * l * (v[0] * v[0]) + m * g * l * cos(q[0]);
    }
};

}  // namespace lnn::inline LNN_ISA
