#include "problem/initialise.hpp"

#include <cmath>

#include <fmt/format.h>

#include "files/version.hpp"
#include "lnn/models/lnn.hpp"
#include "lnn/random.hpp"
#include "problem/problem.hpp"

namespace lnn {

namespace {

double sigma(FirstWeights rule, const MlpShape& s, int l) {
    const bool first = l == 1, output = l == s.depth + 1;
    const double width = output ? s.widths[l - 1] : s.widths[l], root = std::sqrt(width);
    if (rule == FirstWeights::lnn_seed) return first ? 2.2 / 5.6 : output ? 5.6 : 0.58 / 5.6;
    if (rule == FirstWeights::lnn) return first ? 2.2 / root : output ? root : 0.58 * (l - 1) / root;
    return first ? 1.0 : 1.0 / std::sqrt(double(s.widths[l - 1]));
}

// log-normal with mean 2 / n and variance 1 / n, from a standard normal x: of the n inputs of a unit a few count most,
// so that units differ although no weight is negative
double log_normal(double x, int n) {
    const double variance = logarithm(1 + n / 4.0);  // of the logarithm
    return 2.0 / n * exponential(square_root(variance) * x - variance / 2);
}

}  // namespace

std::vector<double> initial_weights(const ModelSpec& spec, FirstWeights rule, std::uint64_t seed) {
    const MlpShape s = lnn_shape(spec);
    const double softplus_of_zero = logarithm(2.0);
    std::vector<double> weights(s.parameters, 0.0);
    for (int l = 1; l <= s.depth + 1; ++l) {
        const bool output = l == s.depth + 1, definite = rule == FirstWeights::definite;
        const bool increasing = definite && l > 1 && !output;
        const bool positive = output && (definite || rule == FirstWeights::positive_output);
        const int inputs = s.widths[l - 1];
        for (int k = s.weights[l]; k < s.bias(l); ++k) {
            const double x = normal(seed, Stream::weights, k, 0);
            weights[k] = increasing ? log_normal(x, inputs) : sigma(rule, s, l) * (positive ? std::abs(x) : x);
            if (increasing) weights[s.bias(l) + (k - s.weights[l]) / inputs] -= softplus_of_zero * weights[k];
        }
    }
    // small, but not zero, from where C C^T could not grow
    for (int i = 0; i < s.beside; ++i) weights[s.matrix_beside() + i * s.beside + i] = 0.1;
    return weights;
}

Network initial_network(const Problem& problem, std::uint64_t seed, const std::optional<Network>& init) {
    Network network;
    network.spec = problem.model;
    network.weights = init ? init->weights : initial_weights(network.spec, problem.first_weights, seed);
    std::string parameters;
    for (const auto& [name, values] : problem.parameters)
        parameters += fmt::format("{}{}={}", parameters.empty() ? "" : ";", name, fmt::join(values, ","));
    network.metadata["system"] = problem.coordinates.name;
    network.metadata["params"] = parameters;
    network.metadata["seed"] = fmt::to_string(seed);
    network.metadata["version"] = version();
    return network;
}

}  // namespace lnn
