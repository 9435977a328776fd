// What a long job has done so far, beside its result: slices of bytes appended as they are finished, so that a job
// killed at any instant goes on where it was when it is started again.
//
// The file begins with the key of its job (configuration and weights); one of another job is begun anew. A slice that a
// kill cut short is recognised by its checksum and dropped. flock(2) keeps two jobs apart; who comes second goes
// without.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "files/descriptor.hpp"

namespace lnn {

class PartialFile {
  public:
    PartialFile() = default;  // keeps nothing
    // Where the file cannot be had, nothing is kept, and `problem` says why.
    PartialFile(std::filesystem::path path, std::uint64_t key);

    const std::string& problem() const { return problem_; }
    bool keeps() const { return file_ && !broken_; }
    const std::filesystem::path& path() const { return path_; }

    // the next slice of the job, if it was done before; false from the first that was not, or is of another size, on
    bool next(std::string& slice, std::size_t bytes);
    void append(std::string_view slice);
    void remove();  // the result is written

  private:
    std::filesystem::path path_;
    Descriptor file_;
    std::string problem_;
    bool reading_ = false;
    bool broken_ = false;  // not written to the end; still locked, for it is this job's to remove

    void break_off(const char* lost);
};

}  // namespace lnn
