// The CPU lanes that this build has (LNN_INSTRUCTION_SETS) and this processor can run.
#pragma once

#include <string>

#include "cpu/lanes.hpp"

namespace lnn {

// "auto" takes the widest. Throws Exit::backend for a set that is missing, Exit::usage for an unknown name.
const Lanes& lanes_of(const std::string& name);

std::string processor_name();

}  // namespace lnn
