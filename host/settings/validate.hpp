// The checks that concern a whole configuration: every setting within its rule, and settings that must fit
// each other.
#pragma once

#include "settings/config.hpp"

namespace lnn {

void validate(const Config&);  // throws Exit::usage with the first thing that is wrong

}  // namespace lnn
