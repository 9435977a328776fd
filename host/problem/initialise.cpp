#include "problem/initialise.hpp"

#include <fmt/format.h>

#include "files/version.hpp"
#include "lnn/models/list.hpp"
#include "problem/problem.hpp"

namespace lnn {

std::vector<double> initial_weights(const ModelSpec& spec, int rule, std::uint64_t seed) {
    const MlpShape shape = model_shape(spec);
    std::vector<double> weights(shape.parameters, 0.0);
    model_table(spec).first_weights[rule].fill(shape, seed, weights.data());
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
