// A table of numbers that the program itself has written: names in the first line, then rows; infinite and NaN may
// occur.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lnn {

class Lines;

struct NumberTable {
    std::vector<std::string> names;            // (columns)
    std::vector<std::vector<double>> columns;  // (columns)(rows), at least one row
};

NumberTable read_number_table(const std::filesystem::path&);  // Exit::file where it is malformed or has no rows
NumberTable read_number_table(Lines&);

}  // namespace lnn
