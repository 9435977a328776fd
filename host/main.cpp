// The one place where an error becomes a line on stderr and an exit code.
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>

#include <unistd.h>

#include <fmt/format.h>

#include "commands/command_line.hpp"
#include "terminal/talk.hpp"

// one line, whatever a path or a value has in it
static std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text)
        line += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? fmt::format("\\x{:02x}", c) : std::string(1, c);
    return line + "\n";
}

static int fail(lnn::Exit exit, std::string_view line) {
    lnn::talk("lnn_gpu: error: " + one_line(line));
    return static_cast<int>(exit);
}

// the line, and what is wrong of a text with a caret below
static int fail(const lnn::Error& error) {
    if (error.text().empty()) return fail(error.exit(), error.what());
    lnn::talk("lnn_gpu: error: " + one_line(error.what()) + "  " + one_line(error.text()) + "  " +
              std::string(error.caret(), ' ') + "^\n");
    return static_cast<int>(error.exit());
}

// says that memory is out, without asking for more
static int out_of_memory() {
    lnn::talk("lnn_gpu: error: out of memory; free some, or ask for less at once\n");
    return static_cast<int>(lnn::Exit::backend);
}

static std::atomic<bool> memory_lacks = false;

[[noreturn]] static void tell_of_memory() {
    memory_lacks = true;
    throw std::bad_alloc();
}

// what may not throw may want memory all the same: a directory that is walked, the destructor of a JSON value
[[noreturn]] static void end_without_memory() {
    if (memory_lacks) _exit(out_of_memory());
    std::abort();
}

int main(int argc, char** argv) {
    using lnn::Exit;
    std::set_new_handler(tell_of_memory);
    std::set_terminate(end_without_memory);
    lnn::prepare_streams();
    try {
        const Exit exit = lnn::run_command_line(argc, argv);
        // results that never arrived are an error, too
        if (std::fflush(stdout) != 0 || std::ferror(stdout))
            return fail(Exit::file, fmt::format("cannot write to stdout: {}", std::strerror(errno)));
        return static_cast<int>(exit);
    } catch (const lnn::Error& error) {
        return fail(error);
    } catch (const std::bad_alloc&) {
        return out_of_memory();
    } catch (const std::filesystem::filesystem_error& error) {
        return fail(Exit::file, fmt::format("cannot tell what is at {}: {}; choose a place you may read and write",
                                            error.path1().string(), error.code().message()));
    } catch (const std::exception& error) {
        if (std::ferror(stdout)) return fail(Exit::file, fmt::format("cannot write to stdout: {}", error.what()));
        return fail(Exit::internal, error.what());
    }
}
