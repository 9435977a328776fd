// Small sweeps for the tests.
#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "settings/load.hpp"
#include "sweep/plan.hpp"

namespace lnn {

using Ids = std::vector<std::int64_t>;

// over `grid`, with settings besides it
inline Plan plan(const std::string& grid, const std::vector<Setting>& more = {}) {
    std::vector<Setting> settings = {{"model.hidden", "[6,5]", "test"},
                                     {"train.optimizer", "adam", "test"},
                                     {"train.steps", "40", "test"},
                                     {"train.batch", "4", "test"},
                                     {"sweep.grid", '"' + grid + '"', "test"}};
    settings.insert(settings.end(), more.begin(), more.end());
    return Plan(load({"guarded", "", settings, false}));
}

inline Ids all_of(const Plan& plan) {
    Ids ids(plan.units());
    std::iota(ids.begin(), ids.end(), 0);
    return ids;
}

}  // namespace lnn
