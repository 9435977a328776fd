// RUN/, where everything of one run lies, locked while a process works in it.
// The lock is flock(2) on RUN/.lock: it dies with its process, however that ends.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "files/descriptor.hpp"
#include "lnn/error.hpp"

namespace lnn {

class RunDirectory {
  public:
    // a new run in `out`, or in the next free runs/0001, runs/0002, ... if it is empty. A run that is there
    // is refused (Exit::usage), or removed with `force`; files that are not a run's stay. Read what is to be
    // read from an old run before it is started anew.
    static RunDirectory create(const std::filesystem::path& out, bool force);

    // a run that is there, to continue it; Exit::file if there is none, Exit::usage if it is in use
    static RunDirectory open(const std::filesystem::path& run);

    // a run or a sweep whose pages are made again: what killed writers left there is removed, unless another process has
    // it, where there is nothing to hold; Exit::file if there is none
    static std::optional<RunDirectory> try_open(const std::filesystem::path& run);

    const std::filesystem::path& path() const { return path_; }

  private:
    RunDirectory(std::filesystem::path path, Descriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}

    std::filesystem::path path_;
    Descriptor lock_;
};

// a word of RUN/run.json ("status", "command"), or "" where that cannot be told
std::string run_word(const std::filesystem::path& run, const std::string& key);
inline constexpr const char* run_complete = "complete";

bool is_run(const std::filesystem::path& path);  // or a sweep: a process has, or had, its work there
bool is_sweep(const std::filesystem::path& run);
std::string resume_command(const std::filesystem::path& run);  // with which an unfinished run or sweep goes on
// throws the error again; where the backend failed, what was finished is there, and the line says how to go on
[[noreturn]] void fail_resumably(const Error&, const std::filesystem::path& run);

}  // namespace lnn
