// Protocol `energy` of Cranmer et al. 2020: |E_model - E_true| / |E at rest| after 100 s from starts nearly at rest.
#pragma once

#include <optional>

#include "evaluation/published.hpp"
#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"

namespace lnn {

inline constexpr Integration energy_run = {0.1, 20, 1000};  // 100 s in steps of 0.005 s

struct EnergyEvaluation {
    std::string system;
    std::int64_t starts = 0;
    double scale = 0;                        // J, of the energy at rest, which errors are relative to
    double mean = 0, median = 0, worst = 0;  // of the error
    double floor_mean = 0, floor_worst = 0;  // of the integrator alone
    std::int64_t diverged = 0;
    std::optional<std::uint64_t> seed;  // of one model of several
};
inline constexpr Published published_energy[] = {{"LNN", 0.0043}, {"plain network", 0.08}};  // mean
EnergyEvaluation evaluate_energy(Backend&, const Problem&, const Network&, std::int64_t starts);

}  // namespace lnn
