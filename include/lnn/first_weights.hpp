// First weights of a network, by rules. Most are normal numbers of deviation sigma, and zero biases:
//
//   lnn              sigma = (1 / sqrt(width)) {2.2 first layer, 0.58 i hidden layer i, width output}
//                    (Cranmer et al. 2020)
//   lnn-seed         the constants of the student project: 2.2 / 5.6, 0.58 / 5.6 for every hidden layer, 5.6
//   positive-output  sigma = 1 in the first layer, 1 / sqrt(inputs) above; output weights are moduli. The mass matrix
//                    is definite in most states, and was in all that were tried with a prior of 0.1 beside it
//   fan-in           sigma = 1 / sqrt(inputs) in every layer (LeCun et al. 1998)
//   unit-mass        the same, where outputs are a triangular C and a potential (models/delan.hpp); the diagonal of C has
//                    biases at which its softplus is 1, so that M is near 1
//
// Another has the first layer and the output of positive-output, but between them no negative weights either:
//
//   definite         every layer above the first is convex and increasing, so that M = sum g s2 u u^T has no negative
//                    term: positive definite in every state, unless the first layer has fewer units than coordinates
//
// Weights of one sign add up where others cancel. So those between are log-normal, with mean 2 / n and variance 1 / n
// of n inputs, and biases take softplus(0) off each input (after Hoedt & Klambauer 2023, arXiv 2312.12474).
#pragma once

#include "lnn/dof.hpp"
#include "lnn/models/table.hpp"
#include "lnn/random.hpp"

namespace lnn::inline LNN_ISA {

// fills the weights of layer l by make(x, number of the weight in the layer) of a standard normal x
template <class Make>
void fill_layer(const MlpShape& s, int l, std::uint64_t seed, double* weights, Make&& make) {
    for (int k = s.weights[l]; k < s.bias(l); ++k)
        weights[k] = make(normal(seed, Stream::weights, k, 0), k - s.weights[l]);
}

// sigma(l) is the deviation of layer l
template <class Sigma>
void normal_weights(const MlpShape& s, std::uint64_t seed, double* weights, Sigma&& sigma) {
    for (int l = 1; l <= s.depth + 1; ++l) fill_layer(s, l, seed, weights, [&](double x, int) { return sigma(l) * x; });
}

// log-normal with mean 2 / n and variance 1 / n, from a standard normal x: of the n inputs of a unit a few count most,
// so that units differ although no weight is negative
inline double log_normal(double x, int n) {
    const double variance = logarithm(1 + n / 4.0);  // of the logarithm
    return 2.0 / n * exponential(square_root(variance) * x - variance / 2);
}

inline void first_and_output(const MlpShape& s, std::uint64_t seed, double* weights, bool definite) {
    const double softplus_of_zero = logarithm(2.0);
    for (int l = 1; l <= s.depth + 1; ++l) {
        const int inputs = s.widths[l - 1];
        const bool output = l == s.depth + 1;
        fill_layer(s, l, seed, weights, [&](double x, int k) {
            if (!definite || l == 1 || output)
                return (l == 1 ? 1.0 : 1.0 / std::sqrt(double(inputs))) * (output ? std::abs(x) : x);
            const double weight = log_normal(x, inputs);
            weights[s.bias(l) + k / inputs] -= softplus_of_zero * weight;
            return weight;
        });
    }
}

// small, but not zero, from where C C^T could not grow
inline void small_damping(const MlpShape& s, double* weights) {
    for (int i = 0; i < s.beside; ++i) weights[s.matrix_beside() + i * s.beside + i] = 0.1;
}

inline constexpr WeightRule definite_weights = {
    "definite", "no weight above the first layer negative: the mass matrix is definite in every state",
    [](const MlpShape& s, std::uint64_t seed, double* weights) {
        first_and_output(s, seed, weights, true);
        small_damping(s, weights);
    }};
inline constexpr WeightRule positive_output_weights = {
    "positive-output", "output weights positive: the mass matrix is definite in most states",
    [](const MlpShape& s, std::uint64_t seed, double* weights) {
        first_and_output(s, seed, weights, false);
        small_damping(s, weights);
    }};
inline constexpr WeightRule lnn_weights = {"lnn", "deviations (1/sqrt n) {2.2, 0.58 i, n} of width n and layer i",
                                           [](const MlpShape& s, std::uint64_t seed, double* weights) {
                                               normal_weights(s, seed, weights, [&](int l) {
                                                   const bool output = l == s.depth + 1;
                                                   const double root =
                                                       std::sqrt(double(output ? s.widths[l - 1] : s.widths[l]));
                                                   return l == 1 ? 2.2 / root : output ? root : 0.58 * (l - 1) / root;
                                               });
                                               small_damping(s, weights);
                                           }};
inline constexpr WeightRule lnn_seed_weights = {"lnn-seed",
                                                "the constants 2.2/5.6, 0.58/5.6 for every hidden layer, 5.6",
                                                [](const MlpShape& s, std::uint64_t seed, double* weights) {
                                                    normal_weights(s, seed, weights, [&](int l) {
                                                        return l == 1 ? 2.2 / 5.6 : l == s.depth + 1 ? 5.6 : 0.58 / 5.6;
                                                    });
                                                    small_damping(s, weights);
                                                }};
inline void fan_in(const MlpShape& s, std::uint64_t seed, double* weights) {
    normal_weights(s, seed, weights, [&](int l) { return 1 / std::sqrt(double(s.widths[l - 1])); });
}
inline constexpr WeightRule fan_in_weights = {"fan-in", "deviations 1/sqrt(inputs) of each layer", fan_in};
inline constexpr WeightRule unit_mass_weights = {"unit-mass",
                                                 "deviations 1/sqrt(inputs) of each layer, and a mass matrix near 1",
                                                 [](const MlpShape& s, std::uint64_t seed, double* weights) {
                                                     fan_in(s, seed, weights);
                                                     const double softplus_is_one = logarithm(exponential(1.0) - 1);
                                                     double* const biases = weights + s.bias(s.depth + 1);
                                                     for (int i = 0; packed(i, i) < s.widths[s.depth + 1] - 1; ++i)
                                                         biases[packed(i, i)] = softplus_is_one;
                                                     small_damping(s, weights);
                                                 }};

}  // namespace lnn::inline LNN_ISA
