// The models of a sweep, each a point and a seed with a number of its own, and what became of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config.hpp"
#include "lnn/backend.hpp"
#include "network.hpp"
#include "sweep/space.hpp"

namespace lnn {

// numbered: random points slowest, then the grid, its last dimension faster, seeds fastest
class Plan {
  public:
    explicit Plan(Config base);  // Exit::usage where a point is no configuration

    std::int64_t units() const { return std::int64_t(points_.size()) * base_.run.seeds; }
    const std::vector<std::string>& keys() const { return keys_; }
    const Config& base() const { return base_; }
    const std::vector<Setting>& point(std::int64_t id) const { return points_[id / base_.run.seeds]; }
    std::uint64_t seed(std::int64_t id) const { return base_.run.seed + id % base_.run.seeds; }
    int rungs() const { return base_.sweep.halving; }
    // of one model, on a rung: the last has all steps, each one before it half of the next
    Config config(std::int64_t id, int rung) const;
    Config config(std::int64_t id) const { return config(id, rungs() - 1); }

  private:
    Config base_;
    std::vector<std::string> keys_;
    std::vector<std::vector<Setting>> points_;
};

// Units that one job of training takes: configurations that differ in what is each model's own (seed, Adam's numbers).
// In pieces of at most `most` units; the bits of a unit do not depend on its piece.
std::vector<std::vector<std::int64_t>> pieces(const Plan&, std::span<const std::int64_t> ids, std::size_t most);

struct UnitResult {
    std::int64_t id = 0, failed_at = -1, skipped = 0, rolled_back = 0, truncated = 0;
    double loss = 0;            // mean of the last interval
    double error = 0;           // mean of |da_1| + ... + |da_n| on held-out samples, the same for all units
    double relative_error = 0;  // to that of predicting zero
    double seconds = 0;         // of its piece, shared out
    Network network;            // where it did not fail
};

// none where a stop was asked for
std::optional<std::vector<UnitResult>> train_piece(Backend&, const Plan&, int rung, std::span<const std::int64_t> ids);

}  // namespace lnn
