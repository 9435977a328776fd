// Models of a sweep that one job trains side by side, and what became of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "sweep/plan.hpp"
#include "sweep/table.hpp"

namespace lnn {

// Models whose configurations differ in what is each one's own (seed, Adam's numbers), in pieces of at most `most`. The
// bits of a model do not depend on its piece.
std::vector<std::vector<std::int64_t>> pieces(const Plan&, std::span<const std::int64_t> ids, std::size_t most);

struct TrainedModel {
    Row row;
    Network network;  // where it did not fail
};

// The models of one piece, trained; nothing where a stop was asked for.
std::optional<std::vector<TrainedModel>> train_piece(Backend&, const Plan&, int rung,
                                                     std::span<const std::int64_t> ids);

}  // namespace lnn
