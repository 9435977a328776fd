// --dry-run: the resolved configuration and what the job would take, measured on a few steps; nothing is written.
#pragma once

#include "config.hpp"
#include "lnn/error.hpp"

namespace lnn {

Exit print_dry_run(const Config&, bool json);

}  // namespace lnn
