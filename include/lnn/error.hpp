// The one error type of the house: a line for the person, and the exit code the program ends with.
// A message says what, where and how to mend it; the library throws, only main() prints and exits.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace lnn {

enum class Exit {
    ok = 0,
    internal = 1,
    usage = 2,     // usage or configuration
    backend = 3,   // backend, device, library or dependency missing; out of device memory
    file = 4,      // missing, unreadable, malformed, unwritable, full
    numerics = 5,  // training failed numerically; the last good checkpoint is kept
    check = 6,     // a check failed
    stopped = 75,  // stopped early with a checkpoint
    interrupted = 130,
};

class Error : public std::runtime_error {
  public:
    // caret: the column, from 0, of what is wrong in `text`, which a person wrote
    Error(Exit exit, const std::string& line, std::string text = "", std::size_t caret = 0)
        : std::runtime_error(line), exit_(exit), text_(std::move(text)), caret_(caret) {}
    Exit exit() const { return exit_; }
    const std::string& text() const { return text_; }
    std::size_t caret() const { return caret_; }

  private:
    Exit exit_;
    std::string text_;
    std::size_t caret_;
};

// The device has too little memory free: fewer models at once may have room.
class OutOfDeviceMemory : public Error {
  public:
    explicit OutOfDeviceMemory(const std::string& line) : Error(Exit::backend, line) {}
};

}  // namespace lnn
