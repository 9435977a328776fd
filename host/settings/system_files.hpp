// The systems of data/systems/*.toml, embedded at build time (settings/embedded.cmake): the binary works alone.
#pragma once

#include <span>
#include <string_view>

namespace lnn {

struct SystemFile {
    std::string_view name, text;  // text: TOML with summary, coordinates, angles, lagrangian and parameters
};

std::span<const SystemFile> system_files();  // by name

}  // namespace lnn
