// Golden cases as the door takes them: a network of data/golden with what PyTorch said of it.
// Files hold states as rows (N, 2n); the door wants samples last (2n, N).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "files/npz.hpp"
#include "files/safetensors.hpp"
#include "lnn/backend.hpp"

namespace lnn::golden {

inline constexpr double well_conditioned = 1e4;

// in the source, or where the environment says that they were taken
inline std::string path(const std::string& file) {
    const char* elsewhere = std::getenv("LNN_GOLDEN_DIR");
    return std::string(elsewhere ? elsewhere : LNN_GOLDEN_DIR) + "/" + file;
}

inline nlohmann::json manifest() { return nlohmann::json::parse(std::ifstream(path("manifest.json"))); }

struct Network {
    ModelSpec spec;
    std::vector<double> weights;                              // in layer order, as the file has them
    std::vector<std::pair<std::size_t, std::size_t>> blocks;  // begin, end of each parameter tensor in weights
};

inline Network read_network(const std::string& name) {
    Safetensors file = read_safetensors(path(name + ".safetensors"));
    const auto entry = [&](const char* key, const char* missing) {
        const auto found = file.metadata.find(key);
        return found == file.metadata.end() ? std::string(missing) : found->second;
    };
    Network network;
    for (const Tensor& tensor : file.tensors) {
        const std::size_t begin = network.weights.size();
        network.weights.insert(network.weights.end(), tensor.values.begin(), tensor.values.end());
        network.blocks.emplace_back(begin, network.weights.size());
    }
    ModelSpec& spec = network.spec;
    spec.depth = static_cast<int>(file.tensors.size() / 2) - 1;
    for (int layer = 0; layer < spec.depth; ++layer)
        spec.hidden[layer] = static_cast<int>(file.tensors[2 * layer].shape[0]);
    std::stringstream flags(entry("angles", ""));
    int angles = 0;
    for (std::string flag; std::getline(flags, flag, ','); ++angles)
        if (flag == "1") spec.angles |= 1u << angles;
    const int inputs = static_cast<int>(file.tensors[0].shape[1]);
    spec.dof = angles > 0 ? angles : inputs / 2;
    spec.velocity_scale = std::stod(entry("velocity_scale", "1"));
    spec.mass_prior = std::stod(entry("mass_prior", "0"));
    return network;
}

// (N, k) as (k, N)
inline std::vector<double> samples_last(const Array& rows) {
    const std::size_t samples = rows.shape.at(0), width = rows.shape.at(1);
    std::vector<double> out(rows.values.size());
    for (std::size_t i = 0; i < samples; ++i)
        for (std::size_t k = 0; k < width; ++k) out[k * samples + i] = rows.values[i * width + k];
    return out;
}

inline double norm(std::span<const double> x) {
    double sum = 0;
    for (const double value : x) sum += value * value;
    return std::sqrt(sum);
}

inline double distance(std::span<const double> x, std::span<const double> y) {
    std::vector<double> difference(x.size());
    std::transform(x.begin(), x.end(), y.begin(), difference.begin(), std::minus<>());
    return norm(difference);
}

// |x - y| / |y| of one sample's n accelerations, samples last in both
inline double sample_error(std::span<const double> x, std::span<const double> y, std::size_t sample,
                           std::size_t samples) {
    double difference = 0, size = 0;
    for (std::size_t k = sample; k < y.size(); k += samples) {
        difference += (x[k] - y[k]) * (x[k] - y[k]);
        size += y[k] * y[k];
    }
    return std::sqrt(difference / size);
}

// the error below which a share of the errors lies; NaN counts as the largest
inline double quantile(std::vector<double> errors, double share) {
    for (double& error : errors)
        if (std::isnan(error)) error = HUGE_VAL;
    std::sort(errors.begin(), errors.end());
    return errors.at(static_cast<std::size_t>(share * static_cast<double>(errors.size() - 1)));
}

// one way to compute that this machine has
struct Team {
    std::string name;
    std::function<std::unique_ptr<Backend>()> make;
};

inline void PrintTo(const Team& team, std::ostream* out) { *out << team.name; }

const std::vector<Team>& teams();

}  // namespace lnn::golden
