#include "initialise.hpp"

#include <cmath>
#include <numbers>

#include "lnn/models/lnn.hpp"
#include "lnn/random.hpp"

namespace lnn {

namespace {

// standard normal by Box and Muller, number `index` of the weights of a seed
double normal(std::uint64_t seed, std::uint64_t index) {
    const double u = uniform(seed, Stream::weights, index, 0), v = uniform(seed, Stream::weights, index, 1);
    return std::sqrt(-2 * std::log1p(-u)) * std::cos(2 * std::numbers::pi * v);
}

double sigma(const std::string& rule, const MlpShape& s, int l) {
    const bool first = l == 1, output = l == s.depth + 1;
    const double width = output ? s.widths[l - 1] : s.widths[l], root = std::sqrt(width);
    if (rule == "lnn-seed") return first ? 2.2 / 5.6 : output ? 5.6 : 0.58 / 5.6;
    if (rule == "lnn") return first ? 2.2 / root : output ? root : 0.58 * (l - 1) / root;
    return first ? 1.0 : 1.0 / std::sqrt(double(s.widths[l - 1]));
}

}  // namespace

std::vector<double> initial_weights(const ModelSpec& spec, const std::string& rule, std::uint64_t seed) {
    const MlpShape s = lnn_shape(spec);
    std::vector<double> weights(s.parameters, 0.0);
    for (int l = 1; l <= s.depth + 1; ++l)
        for (int k = s.weights[l]; k < s.bias(l); ++k) {
            const double x = normal(seed, k);
            const bool positive = rule == "definite" && l == s.depth + 1;
            weights[k] = sigma(rule, s, l) * (positive ? std::abs(x) : x);
        }
    // small, but not zero, from where C C^T could not grow
    for (int i = 0; i < s.beside; ++i) weights[s.matrix_beside() + i * s.beside + i] = 0.1;
    return weights;
}

}  // namespace lnn
