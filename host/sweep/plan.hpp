// The models of a sweep, each a point and a seed with a number of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "settings/config.hpp"
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
    // the configuration of one model on a rung (sweep/halving.hpp), or on the last
    Config config(std::int64_t id, int rung) const;
    Config config(std::int64_t id) const { return config(id, rungs() - 1); }
    nlohmann::ordered_json settings(std::int64_t id) const;  // what is swept: key -> value

  private:
    Config base_;
    std::vector<std::string> keys_;
    std::vector<std::vector<Setting>> points_;
};

// takes the models whose number leaves `index` when divided by `count`
struct Shard {
    std::int64_t index = 0, count = 1;
};

}  // namespace lnn
