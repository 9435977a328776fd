// First weights of a network: normal numbers, zero biases, by three rules.
//
//   lnn       sigma = (1 / sqrt(width)) {2.2 first layer, 0.58 i hidden layer i, width output}  (Cranmer et al. 2020)
//   lnn-seed  the constants of the student project: 2.2 / 5.6, 0.58 / 5.6 for every hidden layer, 5.6
//   definite  the mass matrix starts positive definite: convex, increasing layers above the first
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lnn/spec.hpp"

namespace lnn {

std::vector<double> initial_weights(const ModelSpec&, const std::string& rule, std::uint64_t seed);

}  // namespace lnn
