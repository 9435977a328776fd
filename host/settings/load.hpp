// From what a person wrote to one checked Config. Order of authority:
// defaults < preset < file < environment LNN_GPU_SECTION_KEY < flags.
// A preset or file may name the preset it builds on at its top, base = "NAME"; --preset overrules a file's
// base. train.epochs and train.steps exclude each other: of two set at different ranks the higher counts, the
// other becomes 0.
#pragma once

#include <string>
#include <vector>

#include "settings/config.hpp"

namespace lnn {

// one setting given as text: a TOML value; a bare word is a string
struct Setting {
    std::string key, value;
    std::string origin;  // what error lines name: "--set train.lr=fast"
};

struct Sources {
    std::string preset;          // empty: the file's base, else as below
    std::string file;            // empty: none
    std::vector<Setting> flags;  // the last of equals counts
    bool environment = true;     // whether LNN_GPU_* counts
};

// the value of a setting that is a string, without quotes; Exit::usage where it is not UTF-8
std::string string_value(const Setting&);

inline constexpr const char *default_preset = "default", *measured_preset = "measured";

// every setting in place, parameters of the system filled in, validated; reads the environment.
// Where neither a preset nor a base is named: "default", or "measured" where data.source is a file.
// Throws Exit::file where the file cannot be read, else Exit::usage.
Config load(const Sources&);
Config load(const Sources&, const std::string& text);  // what the file holds, which is not read

// the same configuration with some settings changed; where system.kind is among them, parameters are its defaults
Config with_settings(Config, const std::vector<Setting>&);

}  // namespace lnn
