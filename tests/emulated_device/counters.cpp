// What was asked of the device, for whoever asks: LNN_EMULATED_COUNTS names a file that gets a line a process;
// LNN_EMULATED_LAUNCHED a directory that gets, from each process, the kernels it started (launched.py).
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "device.hpp"
#include "launched.hpp"

namespace emulated {
namespace {

// a test may take the right to write away: what is missing afterwards is for the reader of the files to say
void append(const std::string& path, const std::string& line) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0 || write(file, line.data(), line.size()) < 0) return;
    close(file);
}

struct AtExit {
    ~AtExit() {
        if (const char* const path = std::getenv("LNN_EMULATED_COUNTS")) append(path, text_of(counters()) + "\n");
    }
};

}  // namespace

Counters& counters() {
    static Counters& all = *new Counters;
    static const AtExit written;
    return all;
}

std::string text_of(const Counters& c) {
    const auto text = [](std::int64_t x) { return std::to_string(x); };
    return "{\"launches\": " + text(c.launches) + ", \"allocations\": " + text(c.allocations) +
           ", \"frees\": " + text(c.frees) + ", \"uploads\": " + text(c.uploads) +
           ", \"uploaded_bytes\": " + text(c.uploaded_bytes) + ", \"downloads\": " + text(c.downloads) +
           ", \"downloaded_bytes\": " + text(c.downloaded_bytes) + ", \"clears\": " + text(c.clears) +
           ", \"synchronizations\": " + text(c.synchronizations) +
           ", \"memory_questions\": " + text(c.memory_questions) + "}";
}

// by its place in the program's file, where `nm` finds its name
void note_launch(const void* kernel) {
    static std::set<const void*>& seen = *new std::set<const void*>;
    static const char* const directory = std::getenv("LNN_EMULATED_LAUNCHED");
    if (!directory || !seen.insert(kernel).second) return;
    Dl_info info;
    if (!dladdr(kernel, &info)) fail("a kernel that no file holds");
    const std::string file(info.dli_fname);
    append(std::string(directory) + "/" + std::to_string(getpid()),
           std::to_string(reinterpret_cast<std::uintptr_t>(kernel) - reinterpret_cast<std::uintptr_t>(info.dli_fbase)) +
               " " + file.substr(file.rfind('/') + 1) + "\n");
}

}  // namespace emulated
