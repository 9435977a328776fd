// The study's answer on one page.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "study/coordinate_errors.hpp"

namespace lnn {

std::string study_answer(const nlohmann::ordered_json& study);  // in sentences, a line a setting
std::string study_table(const nlohmann::ordered_json& study);   // for a terminal

// report.html and figures/ in `directory`, errors by setting in the order of study["settings"]; notes on what could not
// be drawn
std::vector<std::string> write_study_page(const std::filesystem::path& directory, const nlohmann::ordered_json& study,
                                          const std::vector<CoordinateErrors>&);

}  // namespace lnn
