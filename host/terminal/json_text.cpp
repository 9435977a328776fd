#include "terminal/json_text.hpp"

#include <fmt/format.h>

namespace lnn {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

void print_json(const Json& json) { fmt::print("{}\n", text_of(json)); }

}  // namespace lnn
