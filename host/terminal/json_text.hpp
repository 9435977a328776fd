// JSON as text. Paths and arguments may be any bytes, JSON is UTF-8: what is not becomes U+FFFD.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace lnn {

std::string text_of(const nlohmann::ordered_json&);  // indented by two

void print_json(const nlohmann::ordered_json&);  // a result, alone on stdout

}  // namespace lnn
