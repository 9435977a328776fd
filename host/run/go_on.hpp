// A run that may be there already, as part of a job of several runs: it is started, or goes on where it was.
#pragma once

#include "run/options.hpp"
#include "run/work.hpp"
#include "settings/config.hpp"

namespace lnn {

// In options.out, by `command` ("run", "train"), with the configuration `wanted`, which options lead to. Exit::usage where the
// run that is there was started with another; options.force replaces it. ok, stopped or interrupted.
Exit start_or_go_on(const std::string& command, const Config& wanted, Work, const Options&);

}  // namespace lnn
