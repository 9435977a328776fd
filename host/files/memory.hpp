// Files that take more memory than there is: the person's matter, not a fault of the program.
#pragma once

#include <filesystem>
#include <new>
#include <stdexcept>

#include "lnn/error.hpp"

namespace lnn {

// what `read` makes of the file; Exit::file where memory does not suffice for it
template <class Read>
auto within_memory(const std::filesystem::path& path, Read read) {
    const auto refuse = [&] {
        return Error(Exit::file,
                     path.string() + ": not enough memory to read it; make the file smaller, or free some memory");
    };
    try {
        return read();
    } catch (const std::bad_alloc&) {
        throw refuse();
    } catch (const std::length_error&) {
        throw refuse();
    }
}

}  // namespace lnn
