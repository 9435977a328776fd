// A table for a terminal.
#pragma once

#include <string>
#include <vector>

namespace lnn {

// rows of as many cells each, in columns two blanks apart; the first `left` columns begin, the others end, below each other
std::string text_table(const std::vector<std::vector<std::string>>& rows, std::size_t left);

}  // namespace lnn
