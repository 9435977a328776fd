// A mass on a linear spring.
#pragma once

#include "lnn/lagrangian.hpp"
#include "lnn/systems/table.hpp"

namespace lnn::inline LNN_ISA {

struct HarmonicOscillator {
    static constexpr int dof = 1;
    static constexpr SystemTable table = {"harmonic_oscillator",
                                          "a mass on a linear spring",
                                          {"x"},
                                          0b0,
                                          2,
                                          {{"m", 1, 1.0, "kg", "mass"}, {"k", 1, 1.0, "N/m", "stiffness"}},
                                          Picture::slider};

    template <class D>
    LNN_HD static D lagrangian(const double* p, const D* q, const D* v) {
        return 0.5 * p[0] * (v[0] * v[0]) - 0.5 * p[1] * (q[0] * q[0]);
    }
};

}  // namespace lnn::inline LNN_ISA
