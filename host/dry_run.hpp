// --dry-run: the resolved configuration and what the job would take, measured on a few steps; nothing is written.
#pragma once

#include "config.hpp"
#include "lnn/error.hpp"
#include "options.hpp"

namespace lnn {

Exit print_dry_run(Config, const Options&);

}  // namespace lnn
