// What the tests of files share: a directory that goes with its test, the line and exit code of an error, and
// Python.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "lnn/error.hpp"

// skips, which is printed and counted, unless the environment variable is 1: then what is missing is a
// failure
#define LNN_SKIP_OR_FAIL(variable, reason)                                                            \
    do {                                                                                              \
        const char* const required = std::getenv(variable);                                           \
        if (required && std::string(required) == "1") FAIL() << (reason) << ", but " variable " = 1"; \
        GTEST_SKIP() << (reason);                                                                     \
    } while (false)

// CI has numpy wherever it has PyTorch
#define LNN_NEEDS_NUMPY() \
    if (!lnn::has_numpy()) LNN_SKIP_OR_FAIL("LNN_REQUIRE_TORCH", "/usr/bin/python3 has no numpy")

namespace lnn {

class Scratch {
  public:
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "lnn_files_XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
        path_ = name;
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

// independent of the code under test
inline std::string slurp(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void spill(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

inline int count_entries(const std::filesystem::path& path) {
    return static_cast<int>(std::distance(std::filesystem::directory_iterator(path), {}));
}

// the job fails with this exit code and one line that holds every part
template <class Job>
void expect_error(Exit exit, std::initializer_list<std::string> parts, Job job) {
    try {
        job();
        ADD_FAILURE() << "no error, where one with '" << *parts.begin() << "' was due";
    } catch (const Error& error) {
        const std::string line = error.what();
        EXPECT_EQ(static_cast<int>(error.exit()), static_cast<int>(exit)) << line;
        for (const std::string& part : parts) EXPECT_NE(line.find(part), line.npos) << line << "\nlacks: " << part;
        EXPECT_EQ(line.find('\n'), line.npos) << line;
    }
}

// runs the job in a process of its own; true if it ends with 0. An exception ends it with 1
template <class Job>
bool in_child(Job job) {
    const pid_t child = ::fork();
    if (child == 0) {
        int code = 1;
        try {
            code = job();
        } catch (const std::exception& error) {
            std::fprintf(stderr, "child: %s\n", error.what());
        }
        ::_exit(code);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// runs a script in `directory`; true if it ends with 0
inline bool python(const std::filesystem::path& directory, const std::string& script) {
    spill(directory / "script.py", script);
    const std::string command = "cd '" + directory.string() + "' && /usr/bin/python3 script.py";
    return std::system(command.c_str()) == 0;
}

inline bool has_numpy() {
    static const bool has = std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") == 0;
    return has;
}

}  // namespace lnn
