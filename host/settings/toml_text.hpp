// A document of TOML, read without trust.
#pragma once

#include <string_view>

#include "settings/toml.hpp"

namespace lnn {

// Exit::usage naming `document`, line and column where it is not TOML 1.0, or a key has more than 32 parts
toml::table parse_toml(std::string_view text, std::string_view document);

}  // namespace lnn
