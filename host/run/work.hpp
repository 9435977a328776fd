// What a training starts from: the files its configuration names, read and checked before anything is written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "files/dataset.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"
#include "run/options.hpp"
#include "settings/config.hpp"

namespace lnn {

struct Work {
    Problem problem;              // of the configuration, completed by what its files say
    std::vector<Dataset> data;    // to learn from; empty: generated
    Dataset held_out;             // of the same file, kept from training; no samples: nothing is
    std::optional<Network> init;  // first weights; none: fresh ones
    bool resume = false;          // from the last checkpoint, if there is one
    double max_seconds = 0;       // 0: no limit
};

// data.source with the name of its file absolute, so that what is resumed from another directory finds it
std::string absolute_source(const std::string& source);

// Settings that say "as the file has it" are given their values: data.dof, data.angles, model.velocity_scale.
Work read_work(Config&, const std::string& init_from, const Options&);

}  // namespace lnn
