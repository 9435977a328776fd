// The published protocols of Cranmer et al. 2020:
//
//   box      mean over fresh states of |da_1| + ... + |da_n|
//   energy   |E_model - E_true| / |E at rest| after 100 s from starts nearly at rest
#pragma once

#include "evaluation/quantiles.hpp"
#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"

namespace lnn {

struct BoxEvaluation {
    std::string system;
    std::int64_t states = 0;
    Quantiles l1;
    double mean_size = 0;  // of |a_1| + ... + |a_n|
    std::int64_t non_finite = 0;
};
BoxEvaluation evaluate_box(Backend&, const Problem&, const Network&, std::int64_t states);

struct EnergyEvaluation {
    std::string system;
    std::int64_t starts = 0;
    double scale = 0;                        // J, of the energy at rest, which errors are relative to
    double mean = 0, median = 0, worst = 0;  // of the error
    double floor_mean = 0, floor_worst = 0;  // of the integrator alone
    std::int64_t diverged = 0;
};
EnergyEvaluation evaluate_energy(Backend&, const Problem&, const Network&, std::int64_t starts);

}  // namespace lnn
