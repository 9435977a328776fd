#include "sweep/plan.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lnn/error.hpp"
#include "settings/write.hpp"
#include "sweep/halving.hpp"

namespace lnn {

namespace {

constexpr double most_units = 1e6;

}  // namespace

Plan::Plan(Config base) : base_(std::move(base)) {
    const auto grid = parse_space(base_.sweep.grid, "--grid"), space = parse_space(base_.sweep.space, "--space");
    if (space.empty() != (base_.sweep.random == 0))
        throw Error(Exit::usage, space.empty() ? "--random: of what? name it by --space KEY=log(1e-5,1e-1), ..."
                                               : "--space: how many points? give --random N");
    double combinations = std::max(1, base_.sweep.random);
    for (const Dimension& d : grid) {
        combinations *= double(d.choices.size());
        keys_.push_back(d.key);
    }
    for (const Dimension& d : space) {
        if (std::find(keys_.begin(), keys_.end(), d.key) != keys_.end())
            throw Error(Exit::usage, fmt::format("{} is in --grid and in --space; leave one out", d.key));
        keys_.push_back(d.key);
    }
    if (keys_.empty())
        throw Error(Exit::usage, "nothing to sweep; give --grid KEY=a,b or --random N --space KEY=log(a,b)");
    if (combinations * base_.run.seeds > most_units)
        throw Error(Exit::usage, fmt::format("{:.3g} models; a sweep has at most {:.0g}",
                                             combinations * base_.run.seeds, most_units));
    const std::int64_t cells = std::int64_t(combinations) / std::max(1, base_.sweep.random);
    for (std::int64_t p = 0; p < std::int64_t(combinations); ++p) {
        std::vector<Setting> point(grid.size());
        std::int64_t rest = p % cells;
        for (std::size_t i = grid.size(); i-- > 0; rest /= std::int64_t(grid[i].choices.size())) {
            const std::string& value = grid[i].choices[std::size_t(rest) % grid[i].choices.size()];
            point[i] = {grid[i].key, value, fmt::format("--grid {}={}", grid[i].key, value)};
        }
        for (const Dimension& d : space) {
            const std::string value = draw_value(d, base_.run.seed, p / cells);
            point.push_back({d.key, value, fmt::format("--space {}={}", d.key, value)});
        }
        with_settings(base_, point);  // refused now rather than in the night
        points_.push_back(std::move(point));
    }
}

Config Plan::config(std::int64_t id, int rung) const {
    Config config = with_settings(base_, point(id));
    share_of_rung(config.train, rung, rungs());
    config.run.seed = seed(id);
    config.run.seeds = 1;
    return config;
}

nlohmann::ordered_json Plan::settings(std::int64_t id) const {
    auto settings = nlohmann::ordered_json::object();
    const auto all = config_to_json(config(id));
    for (const std::string& key : keys_) {
        std::string path = "/" + key;
        std::replace(path.begin(), path.end(), '.', '/');
        settings[key] = all.at(nlohmann::ordered_json::json_pointer(path));
    }
    return settings;
}

}  // namespace lnn
