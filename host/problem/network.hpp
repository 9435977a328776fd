// A learned network as a person holds it: its shape and inputs, its weights, and the safetensors file it lives in.
//
// Keys fc1.weight [out, in], fc1.bias, ... in layer order, so that a PyTorch class with layers fc1, fc2, ... takes
// them with load_state_dict(strict=True); what the keys cannot say stands in the metadata.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "files/safetensors.hpp"
#include "lnn/backend.hpp"

namespace lnn {

struct Network {
    ModelSpec spec;
    std::vector<double> weights;                  // (parameters): fc1.weight, fc1.bias, fc2.weight, ...
    std::map<std::string, std::string> metadata;  // besides what the spec says: system, params, seed, version

    Models models() const { return {spec, 1, weights}; }
};

std::size_t parameter_count(const ModelSpec&);
int input_count(const ModelSpec&);

// as the file holds it; f64 says in which type
Safetensors network_file(const Network&, bool f64);

// Exit::file where tensors and metadata make no model; `notes` gets what was assumed
Network network_from(const Safetensors&, const std::string& where, std::vector<std::string>& notes);
Network load_network(const std::filesystem::path&, std::vector<std::string>& notes);

}  // namespace lnn
