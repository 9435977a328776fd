#include "terminal/json_text.hpp"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lnn {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

Json finite_or_null(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

void print_json(const Json& json) { fmt::print("{}\n", text_of(json)); }

}  // namespace lnn
