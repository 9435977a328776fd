// Fowler, Noll and Vo's hash 1a of 64 bits, by which damage shows that nobody intended.
#pragma once

#include <cstdint>
#include <string_view>

namespace lnn {

inline constexpr std::uint64_t no_bytes = 0xcbf29ce484222325;

// the hash of bytes that follow those of which `from` is the hash
inline std::uint64_t hash_of(std::string_view bytes, std::uint64_t from = no_bytes) {
    for (const char c : bytes) from = (from ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return from;
}

}  // namespace lnn
