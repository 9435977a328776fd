// What the training of a model begins with. The rules of first weights are in lnn/first_weights.hpp, and which a model has
// in its table.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lnn/spec.hpp"
#include "problem/network.hpp"

namespace lnn {

struct Problem;

// fresh weights, by rule number `rule` of the model's table
std::vector<double> initial_weights(const ModelSpec&, int rule, std::uint64_t seed);

// fresh weights, or those of `init`
Network initial_network(const Problem&, std::uint64_t seed, const std::optional<Network>& init);

}  // namespace lnn
