// What every target shares: the oracle. A reader gives what it read or throws an Error that is the person's (usage, 2, or
// file, 4); what was read, written and read again is the same. All else ends the process.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lnn/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace lnn::fuzz {

inline void require(bool good, const char* what) {
    if (good) return;
    std::fprintf(stderr, "oracle: %s\n", what);
    std::abort();
}

inline std::string_view bytes_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// whether the reader took what it was given; an exception of another kind goes through
template <class Reader>
bool takes(Reader reader) {
    try {
        reader();
        return true;
    } catch (const Error& error) {
        const bool of_a_person = error.exit() == Exit::usage || error.exit() == Exit::file;
        if (!of_a_person) std::fprintf(stderr, "exit %d: %s\n", static_cast<int>(error.exit()), error.what());
        require(of_a_person, "an error that is not the person's");
        require(error.what()[0] != '\0', "an error without a line");
        return false;
    }
}

// what our own writer has written is never refused, and comes back as it was
template <class Value, class Encode, class Decode>
void comes_back(const Value& value, Encode encode, Decode decode) {
    const std::string written = encode(value);
    std::string again;
    require(takes([&] { again = encode(decode(written)); }), "its own writing is refused");
    require(written == again, "another thing comes back");
}

}  // namespace lnn::fuzz
