// What a model says of itself, as constant data: its name, what it offers, and the rules of its first weights.
#pragma once

#include <cstdint>

#include "lnn/mlp.hpp"

namespace lnn::inline LNN_ISA {

// weights: (parameters), of zeros before
struct WeightRule {
    const char* name;
    const char* meaning;
    void (*fill)(const MlpShape&, std::uint64_t seed, double* weights);
};

inline constexpr int most_weight_rules = 4;

struct ModelTable {
    const char* name;
    const char* summary;
    bool lagrangian;                              // it has a mass matrix, a Lagrangian and an energy
    WeightRule first_weights[most_weight_rules];  // the first is the model's own choice; names of nullptr are none
};

}  // namespace lnn::inline LNN_ISA
