// --dry-run: the resolved configuration and what the job would take, measured on a few steps; nothing is written.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lnn/error.hpp"
#include "run/options.hpp"
#include "settings/config.hpp"

namespace lnn {

// {config, parameters, models, memory_bytes, steps, train_seconds}; what its file says completes the configuration
nlohmann::ordered_json dry_run(Config&);
Exit print_dry_run(Config, const Options&);

}  // namespace lnn
