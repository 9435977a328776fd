// What a command line asks for besides the flags of one command, and the configuration it leads to.
#pragma once

#include <string>
#include <vector>

#include "settings/config.hpp"
#include "settings/load.hpp"
#include "terminal/talk.hpp"

namespace lnn {

struct Options {
    // what the configuration is made of
    std::string config, preset;     // empty: not given
    bool environment = true;        // whether LNN_GPU_* counts
    std::vector<Setting> settings;  // --set, then --backend, --device, ..., which are settings of [run]

    // where results go
    std::string out;  // empty: not given
    bool force = false, dry_run = false;

    // what is said
    bool json = false, quiet = false, no_progress = false;
    bool verbose = false;

    Talk talk() const { return {!quiet, !quiet && !no_progress, verbose}; }
    static Options silent() {
        Options options;
        options.quiet = true;
        return options;
    }
};

// the configuration of defaults, preset, file, environment and flags, validated
Config resolve(const Options&);

}  // namespace lnn
