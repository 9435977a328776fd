// One rung of a sweep: its models trained side by side, on a card by the thousand, on the CPU one a thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "lnn/backend.hpp"
#include "run/options.hpp"
#include "sweep/plan.hpp"

namespace lnn {

// trains what is not trained yet of `wanted`; whether that is all: a stop may be asked for
bool train_rung(const Plan&, int rung, const std::vector<std::int64_t>& wanted, const std::filesystem::path& sweep,
                Backend&, const Options&);

}  // namespace lnn
