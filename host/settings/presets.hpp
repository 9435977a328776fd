// The presets of data/presets/*.toml, embedded at build time (settings/embedded.cmake): the binary works alone.
#pragma once

#include <span>
#include <string_view>

namespace lnn {

struct Preset {
    std::string_view name, text;  // text: TOML as a configuration file holds it
};

std::span<const Preset> presets();  // by name

}  // namespace lnn
