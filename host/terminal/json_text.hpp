// JSON as text. Paths and arguments may be any bytes, JSON is UTF-8: what is not becomes U+FFFD.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace lnn {

std::string text_of(const nlohmann::ordered_json&);  // indented by two

nlohmann::ordered_json finite_or_null(double);  // infinity and NaN have no place in JSON

void print_json(const nlohmann::ordered_json&);  // a result, alone on stdout

}  // namespace lnn
