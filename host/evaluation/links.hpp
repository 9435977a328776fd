// Protocol `links`: the chains of 2, 3 and 5 links of Finzi, Wang and Wilson, Simplifying Hamiltonian and Lagrangian
// neural networks via explicit constraints (NeurIPS 2020, arXiv 2010.13581).
//
// From angles and angular velocities N(0, 1), over 100 instants 0.03 s apart, the relative error |z - z'| / (|z| +
// |z'|), z the positions and velocities of the masses in the plane; its geometric mean over instants and starts. So
// their code has it (github.com/mfinzi/constrained-hamiltonian-neural-networks: biases/systems/chain_pendulum.py of May
// 2020, with g = 1, m = l = 1, and notebooks/plot-data-efficiency-v2.ipynb); a later version draws the masses and has g
// = 9.81. Differences from theirs: they trained on roll-outs of chunks of five instants, one of each of 800
// trajectories, without accelerations; their mean counts the start, with 1e-8 added to every error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/published.hpp"
#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"

namespace lnn {

inline constexpr Integration links_run = {0.03, 15, 100};  // steps of 0.002 s

struct LinksEvaluation {
    std::string system;
    std::vector<double> masses, lengths;  // of each link
    double gravity = 0;
    std::int64_t starts = 0;
    double geometric_mean = 0, median = 0, worst = 0;  // over starts, of the relative error
    std::int64_t diverged = 0;
};
// of their table, for as many links
std::vector<Published> published_links(const LinksEvaluation&);

LinksEvaluation evaluate_links(Backend&, const Problem&, const Network&, std::int64_t starts);

}  // namespace lnn
