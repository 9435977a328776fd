// Protocol `links`: the chain of two links of Finzi, Wang and Wilson, Simplifying Hamiltonian and Lagrangian neural
// networks via explicit constraints (NeurIPS 2020, arXiv 2010.13581).
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

#include <nlohmann/json.hpp>

#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"

namespace lnn {

nlohmann::ordered_json evaluate_links(Backend&, const Problem&, const Network&, std::int64_t starts);
std::string links_table(const nlohmann::ordered_json& result);

}  // namespace lnn
