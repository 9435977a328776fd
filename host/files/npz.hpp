// numpy's .npz: a zip archive with one NAME.npy a member; written uncompressed, read either way.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "files/array.hpp"

namespace lnn {

// NAME -> the undecoded bytes of NAME.npy, so that arrays nobody asked for may be of any type
std::map<std::string, std::string> unpack_npz(std::string_view bytes, const std::string& where);

std::map<std::string, Array> read_npz(const std::filesystem::path& path);
void write_npz(const std::filesystem::path& path, const std::map<std::string, Array>& arrays, bool force);

}  // namespace lnn
