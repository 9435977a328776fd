// Hidden layers with which another model has as many weights.
#pragma once

#include <vector>

#include "lnn/spec.hpp"

namespace lnn {

// The widths of `model`, all made wider or narrower by one factor, and one of them besides where units are few, with which it
// has as many weights as `wanted`, as nearly as whole units allow.
std::vector<int> equal_weights(const ModelSpec& model, std::size_t wanted);

}  // namespace lnn
