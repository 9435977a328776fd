// Which program this is: printed by --version, written into run.json and the metadata of weights.
#pragma once

#include <string>
#include <string_view>

namespace lnn {

std::string_view version();          // "0.1.0"
std::string_view git_description();  // git describe at configure time; empty outside a repository
std::string version_text();          // lines for a person

}  // namespace lnn
