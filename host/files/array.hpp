// A dense array as files hold it: C order, float64 in memory whatever the file's type was.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lnn {

struct Array {
    std::vector<std::size_t> shape;
    std::vector<double> values;
};

std::optional<std::size_t> element_count(std::span<const std::size_t> shape);  // nothing if it overflows
std::string shape_text(std::span<const std::size_t> shape);                    // "(3, 4)", as numpy prints it

bool is_integer(double value);  // a whole number that float64 holds exactly: at most 2^53 in modulus

// throws Exit::file naming `where` and the first row and column that is not finite
void require_finite(const Array& array, const std::string& where);

}  // namespace lnn
