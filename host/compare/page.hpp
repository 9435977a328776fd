// A comparison on one page.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compare/table.hpp"

namespace lnn {

// report.html and figures/ in `directory`; notes on what could not be drawn
std::vector<std::string> write_comparison_page(const std::filesystem::path& directory,
                                               const std::vector<ComparedModel>&);

}  // namespace lnn
