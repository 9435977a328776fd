// report.html of a sweep: what became of the models, where in the space the good ones lie, and the best of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sweep/table.hpp"

namespace lnn {

// Figures in figures/ of `directory`. Notes on what could not be drawn.
std::vector<std::string> write_sweep_page(const std::filesystem::path& directory, const std::vector<std::string>& keys,
                                          const std::vector<Row>& rows, const nlohmann::ordered_json& summary);

}  // namespace lnn
