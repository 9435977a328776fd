// The sections of the page, in HTML. One that has nothing to show is one line saying why.
#pragma once

#include <string>

#include "report/contents.hpp"

namespace lnn {

std::string title(const Contents&);                          // in text
std::string header(const Contents&, std::string_view lead);  // system, model, date, status

// medians and divergences as JSON; null where there is no summary, or one that lacks them
nlohmann::ordered_json key_results(const Contents&);
std::string tiles(const Contents&);  // the same for people

// these throw nlohmann::json::exception where a field is absent or of another kind
std::string lead(const Contents&);  // how good it is, in a sentence
std::string results(const Contents&);
std::string measured_lead(const Contents&);  // the same of c.measured
std::string measured_tiles(const Contents&);
std::string measured_results(const Contents&);
std::string pairs_sentence(const nlohmann::ordered_json& paired);
std::string protocol(const nlohmann::ordered_json& result);  // "box" or "energy"

std::string settings(const Contents&);  // config.toml
std::string record(const Contents&);    // run.json

}  // namespace lnn
