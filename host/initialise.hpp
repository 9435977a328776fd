// First weights of a network: normal numbers, zero biases, by three rules.
//
//   lnn       sigma = (1 / sqrt(width)) {2.2 first layer, 0.58 i hidden layer i, width output}  (Cranmer et al. 2020)
//   lnn-seed  the constants of the student project: 2.2 / 5.6, 0.58 / 5.6 for every hidden layer, 5.6
//   definite  the mass matrix starts positive definite: convex, increasing layers above the first
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config.hpp"
#include "lnn/spec.hpp"
#include "network.hpp"

namespace lnn {

std::vector<double> initial_weights(const ModelSpec&, const std::string& rule, std::uint64_t seed);

// what the training of one model begins with: fresh weights, or those of `init`
Network initial_network(const Config&, std::uint64_t seed, const std::optional<Network>& init);

}  // namespace lnn
