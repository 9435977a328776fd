// A Config as text that reads back to the same Config: doubles in the shortest form that round-trips.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "settings/config.hpp"

namespace lnn {

// config.toml; documented: a comment with meaning, unit and allowed values above each key
std::string config_to_toml(const Config&, bool documented = false);

// a quoted TOML string
std::string toml_string(const std::string& text);

// the same as nested objects, sections in the order of the schema
nlohmann::ordered_json config_to_json(const Config&);

}  // namespace lnn
