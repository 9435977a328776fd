// First weights of a network, by four rules. Three are normal numbers of deviation sigma and zero biases:
//
//   lnn              sigma = (1 / sqrt(width)) {2.2 first layer, 0.58 i hidden layer i, width output}
//                    (Cranmer et al. 2020)
//   lnn-seed         the constants of the student project: 2.2 / 5.6, 0.58 / 5.6 for every hidden layer, 5.6
//   positive-output  sigma = 1 in the first layer, 1 / sqrt(inputs) above; output weights are moduli. The mass matrix
//                    is definite in most states, and was in all that were tried with a prior of 0.1 beside it
//
// The fourth has the first layer and the output of positive-output, but between them no negative weights either:
//
//   definite         every layer above the first is convex and increasing, so that M = sum g s2 u u^T has no negative
//                    term: positive definite in every state, unless the first layer has fewer units than coordinates
//
// Weights of one sign add up where others cancel. So those between are log-normal, with mean 2 / n and variance 1 / n
// of n inputs, and biases take softplus(0) off each input (after Hoedt & Klambauer 2023, arXiv 2312.12474).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lnn/spec.hpp"
#include "problem/network.hpp"

namespace lnn {

struct Problem;

enum class FirstWeights { lnn, lnn_seed, positive_output, definite };

std::vector<double> initial_weights(const ModelSpec&, FirstWeights, std::uint64_t seed);

// what the training of one model begins with: fresh weights, or those of `init`
Network initial_network(const Problem&, std::uint64_t seed, const std::optional<Network>& init);

}  // namespace lnn
