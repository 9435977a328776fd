// Whole files in, whole files out: a reader sees the old file or the new one, never a part.
//
// A file is written beside its target, fsynced, renamed over it, and the directory fsynced; the order is that
// of "A way to do atomic writes" (LWN 789600). What is not a regular file (a pipe, /dev/stdout) is written
// directly.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lnn {

// Exit::file if missing, unreadable or a directory, or of more than `most` bytes
std::string read_file(const std::filesystem::path& path);
std::string read_file_up_to(std::size_t most, const std::filesystem::path& path);

// Exit::usage if a regular file is there and `force` is not given, Exit::file if it is a directory, or in none that one
// may write to; write_file asks this itself, a long job asks it before it starts
void check_target(const std::filesystem::path& path, bool force);

// Exit::file if it cannot be written; nothing half-written stays
void write_file(const std::filesystem::path& path, std::string_view bytes, bool force);

// a file in a directory that is renamed as a whole later: fsynced, not renamed
void write_synced(const std::filesystem::path& path, std::string_view bytes);

// names created, renamed or removed in `directory` survive a power cut
void sync_directory(const std::filesystem::path& directory);

// as std::filesystem has them, but Exit::file where it fails
void make_directories(const std::filesystem::path& path);
void remove_tree(const std::filesystem::path& path);

// what a directory holds; nothing where there is none, Exit::file where that cannot be told
std::vector<std::filesystem::directory_entry> entries_of(const std::filesystem::path& directory);

// removes the files that write_file had begun when it was killed, for `name` or for any, where no other may be writing now
void remove_unfinished(const std::filesystem::path& directory, const std::string& name = "");

// "cannot WHAT PATH: ERROR; how to mend it" for an errno
[[noreturn]] void fail_file(std::string_view what, const std::filesystem::path& path, int error);

}  // namespace lnn
