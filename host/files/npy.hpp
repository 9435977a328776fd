// numpy's .npy: magic, version, a Python dict {'descr', 'fortran_order', 'shape'}, then the values.
// Read: versions 1 to 3, <f4 <f8 <i4 <i8, C or Fortran order. Written: version 1, <f8, C order.
// Format: numpy.lib.format, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "files/array.hpp"

namespace lnn {

// bytes that come one after the other
struct Stream {
    std::uint64_t size;                                   // how many there are, as it is said
    std::function<std::size_t(char*, std::size_t)> read;  // the next of them; fewer than asked for only at the end
};

struct NpyHeader {
    std::string descr;
    bool fortran_order = false;
    std::vector<std::size_t> shape;
    std::size_t count = 0;  // of the values, which take all the bytes that are left of the stream
};

// First what stands before the values, then these: nothing is read beyond what the header promises but the end.
// `where` names the source in errors (Exit::file). Values may be non-finite: require_finite is the caller's.
NpyHeader read_npy_header(const Stream&, const std::string& where);
Array read_npy_values(const Stream&, const NpyHeader&, const std::string& where);

Array decode_npy(std::string_view bytes, const std::string& where);
std::string encode_npy(const Array& array);

Array read_npy(const std::filesystem::path& path);
void write_npy(const std::filesystem::path& path, const Array& array, bool force);

}  // namespace lnn
