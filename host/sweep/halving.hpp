// Successive halving (Jamieson and Talwalkar 2016): all models begin on the lowest rung with few steps; the better half of
// those on a rung is trained anew on the next, with twice as many; on the last a model has all its steps.
#pragma once

#include <cstdint>
#include <vector>

#include "settings/config.hpp"
#include "sweep/table.hpp"

namespace lnn {

// what a model has of its steps, epochs and iterations on a rung of so many: none of them becomes less than one
void share_of_rung(Config::Train&, int rung, int rungs);

// numbers of the better half of those that were on a rung, rounded up, sorted; a model without a finite error is in none
std::vector<std::int64_t> better_half(const std::vector<Row>&, int rung);

}  // namespace lnn
