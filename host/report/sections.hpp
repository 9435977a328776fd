// The sections of the page, in HTML. One that has nothing to show is one line saying why.
#pragma once

#include <string>

#include "report/contents.hpp"

namespace lnn {

std::string title(const Contents&);                          // in text
std::string header(const Contents&, std::string_view lead);  // system, model, date, status
std::string lead(const Contents&);  // how good it is, in a sentence; throws as `tiles`
std::string tiles(
    const Contents&);  // the same in a few figures; throws nlohmann::json::exception where one is absent
std::string pairs_sentence(const nlohmann::ordered_json& paired);  // throws the same
// medians, divergences; null where no model survived; throws the same
nlohmann::ordered_json key_results(const nlohmann::ordered_json& summary);
std::string results(const Contents&);                        // in tables; throws the same
std::string protocol(const nlohmann::ordered_json& result);  // "box" or "energy"; throws the same
std::string settings(const Contents&);                       // config.toml
std::string record(const Contents&);                         // run.json

}  // namespace lnn
