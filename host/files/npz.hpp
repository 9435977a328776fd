// numpy's .npz: a zip archive with one NAME.npy a member; written uncompressed, read either way.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "files/array.hpp"
#include "files/npy.hpp"

struct zip;

namespace lnn {

inline constexpr std::uint64_t largest_member = std::uint64_t(1) << 38;  // bytes of an array as a member of an archive

// An archive in memory, which has to outlive it. Names are read first: only what is asked for is unpacked, so that
// arrays nobody asked for may be of any type and size. Exit::file for all that cannot be read.
class Npz {
  public:
    Npz(std::string_view bytes, std::string where);

    using Members = std::map<std::string, std::uint64_t>;  // NAME -> its place in the archive
    const Members& members() const { return members_; }
    NpyHeader header(const std::string& name) const;
    Array read(const std::string& name) const;

  private:
    std::string_view bytes_;
    std::string where_;
    std::unique_ptr<zip, void (*)(zip*)> archive_;
    Members members_;
};

std::map<std::string, Array> read_npz(const std::filesystem::path& path);
std::string encode_npz(const std::map<std::string, Array>& arrays, const std::string& where);
void write_npz(const std::filesystem::path& path, const std::map<std::string, Array>& arrays, bool force);

}  // namespace lnn
