// From what a job says at run time to what a kernel is compiled for.
#pragma once

#include "lnn/backend.hpp"
#include "lnn/real.hpp"

namespace lnn::inline LNN_ISA {

// f.template operator()<N>() for the degrees of freedom of a job
template <class F>
void with_dof(int dof, F&& f) {
    switch (dof) {
        case 1:
            return f.template operator()<1>();
        case 2:
            return f.template operator()<2>();
        case 3:
            return f.template operator()<3>();
        case 4:
            return f.template operator()<4>();
    }
}

// f.template operator()<I>() for the integrator of a job
template <class F>
void with_integrator(const Integration& run, F&& f) {
    if (run.integrator == Integrator::dormand_prince)
        f.template operator()<Integrator::dormand_prince>();
    else
        f.template operator()<Integrator::rk4>();
}

}  // namespace lnn::inline LNN_ISA
