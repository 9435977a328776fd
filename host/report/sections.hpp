// The sections of the page, in HTML. One that has nothing to show is one line saying why.
#pragma once

#include <string>

#include "report/contents.hpp"

namespace lnn {

std::string title(const Contents&);    // in text
std::string header(const Contents&);   // system, model, date, status
std::string results(const Contents&);  // throws nlohmann::json::exception where a table lacks a field
std::string protocol(const nlohmann::ordered_json& result);  // "box" or "energy"; throws the same
std::string settings(const Contents&);                       // config.toml
std::string record(const Contents&);                         // run.json

}  // namespace lnn
