// numpy's .npy: magic, version, a Python dict {'descr', 'fortran_order', 'shape'}, then the values.
// Read: versions 1 to 3, <f4 <f8 <i4 <i8, C or Fortran order. Written: version 1, <f8, C order.
// Format: numpy.lib.format, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "files/array.hpp"

namespace lnn {

// `where` names the source in errors (Exit::file). Values may be non-finite: require_finite is the caller's.
Array decode_npy(std::string_view bytes, const std::string& where);
std::string encode_npy(const Array& array);

Array read_npy(const std::filesystem::path& path);
void write_npy(const std::filesystem::path& path, const Array& array, bool force);

}  // namespace lnn
