// What the subcommands of `data` share: a data set in figures, and `data import`, which has a file of its own.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

#include "commands/commands.hpp"
#include "files/dataset.hpp"

namespace lnn {

nlohmann::ordered_json describe(const std::string& file, const Dataset&);
// the same for people, on a few lines
std::string summary(const nlohmann::ordered_json& described);

Action import_command(Arguments&);

}  // namespace lnn
