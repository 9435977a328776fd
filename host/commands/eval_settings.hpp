// What flags may say of an evaluation: how to judge, not what was learned. Settings of another training or of other
// physics than the weights were learned from are Exit::usage.
#pragma once

#include <string>

#include "problem/network.hpp"
#include "run/options.hpp"

namespace lnn {

// `options` onto the configuration of a run directory
void take_run(const std::string& run, Options& options);
// the system of a lone file of weights, where its metadata says one, counts as if it had been set
void take_system(const Network&, Options& options);

}  // namespace lnn
