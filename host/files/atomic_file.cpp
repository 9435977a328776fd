#include "files/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <system_error>

#include "files/descriptor.hpp"
#include "files/memory.hpp"
#include "lnn/error.hpp"

namespace lnn {
namespace fs = std::filesystem;

namespace {

// number of the descriptor that a path like /dev/stdout or /dev/fd/3 stands for, or -1: opening such a path
// again would write from the start of a file that the shell redirected to
int standing_descriptor(const fs::path& path) {
    std::string text = path.string();
    if (text == "/dev/stdout") return STDOUT_FILENO;
    if (text == "/dev/stderr") return STDERR_FILENO;
    for (const std::string_view prefix : {"/dev/fd/", "/proc/self/fd/"}) {
        int fd = -1;
        const char* const end = text.data() + text.size();
        if (text.starts_with(prefix) && std::from_chars(text.data() + prefix.size(), end, fd).ptr == end) return fd;
    }
    return -1;
}

// some file systems have no fsync, which is not an error of the file
int sync(int fd) { return ::fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : errno; }

// creates `path`, which must not be there, as a link or otherwise; what was begun is removed on failure
int create_synced(const fs::path& path, std::string_view bytes) {
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!file) return errno;
    int error = write_all(file.get(), bytes);
    if (error == 0) error = sync(file.get());
    if (const int closed = file.close(); error == 0) error = closed;  // where a network's file system tells the rest
    if (error != 0) ::unlink(path.c_str());
    return error;
}

std::string kept_of(const fs::path& name) { return name.string().substr(0, 200); }  // file systems allow 255 bytes

// ".NAME.0123456789abcdef.tmp": a name that nobody can foresee, neither another machine nor a stranger
fs::path beside(const fs::path& target) {
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != sizeof number) fail_file("write", target, errno);
    return target.parent_path() / fmt::format(".{}.{:016x}.tmp", kept_of(target.filename()), number);
}

// NAME of such a name, nothing of another
std::optional<std::string> target_of(const std::string& name) {
    constexpr std::string_view hex = "0123456789abcdef", end = ".tmp";
    if (name.size() < 2 + hex.size() + end.size() || name.front() != '.' || !name.ends_with(end)) return {};
    const std::size_t digits = name.size() - end.size() - hex.size();
    if (name[digits - 1] != '.' || name.find_first_not_of(hex, digits) != name.size() - end.size()) return {};
    return name.substr(1, digits - 2);
}

fs::path parent_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : "."; }

// behind a symbolic link it is the file that is replaced, not the link
fs::path replaced(const fs::path& path) {
    std::error_code ignored;
    return fs::is_symlink(path, ignored) && fs::exists(path, ignored) ? fs::canonical(path) : path;
}

}  // namespace

void fail_file(std::string_view what, const fs::path& path, int error) {
    std::string mend = "choose another place";
    if (error == ENOENT)
        mend =
            what == "read" ? "check the path" : fmt::format("create the directory {} first", parent_of(path).string());
    if (error == ENOTDIR || error == EEXIST) mend = "a part of its path is a file; check the path";
    if (error == ELOOP) mend = "a symbolic link is in the way; remove it";
    if (error == EISDIR) mend = "name a file, not a directory";
    if (error == EACCES || error == EPERM || error == EROFS)
        mend =
            fmt::format("choose a place you may {}, or change its permissions", what == "read" ? "read" : "write to");
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) mend = "free some space or choose another disk";
    throw Error(Exit::file,
                fmt::format("cannot {} {}: {}; {}", what, path.string(), std::generic_category().message(error), mend));
}

std::string read_file(const fs::path& path) { return read_file_up_to(SIZE_MAX - 1, path); }

std::string read_file_up_to(std::size_t most, const fs::path& path) {
    return within_memory(path, [&] {
        const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat info {};
        if (!file || ::fstat(file.get(), &info) != 0) fail_file("read", path, errno);

        // one byte more than it has, so that the end shows without growing; a pipe grows as it comes
        const std::size_t expected = std::min(static_cast<std::size_t>(info.st_size), most);
        std::string bytes(std::max<std::size_t>(expected + 1, 4096), '\0');
        std::size_t size = 0;
        for (;;) {
            const ssize_t got = ::read(file.get(), bytes.data() + size, bytes.size() - size);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) fail_file("read", path, errno);
            if (got == 0) break;
            size += static_cast<std::size_t>(got);
            if (size > most)
                throw Error(Exit::file,
                            fmt::format("{} has more than the {} bytes that such a file may have; check the path",
                                        path.string(), most));
            if (size == bytes.size()) bytes.resize(2 * size);
        }
        bytes.resize(size);
        return bytes;
    });
}

void check_target(const fs::path& path, bool force) {
    std::error_code error, ignored;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) fail_file("write", path, EISDIR);
    const bool nothing = status.type() == fs::file_type::not_found || error == std::errc::too_many_symbolic_link_levels;
    if (nothing && fs::is_symlink(fs::symlink_status(path, ignored)) && !force)
        throw Error(
            Exit::usage,
            fmt::format("{} is a symbolic link to nothing; remove it, or give --force to replace it", path.string()));
    if (fs::is_regular_file(status) && !force && standing_descriptor(path) < 0)
        throw Error(Exit::usage, fmt::format("{} exists; give --force to overwrite it", path.string()));
    if (standing_descriptor(path) >= 0 || (fs::exists(status) && !fs::is_regular_file(status))) return;
    // a file is made beside it, then renamed
    if (::faccessat(AT_FDCWD, (parent_of(replaced(path)) / ".").c_str(), W_OK | X_OK, AT_EACCESS) != 0)
        fail_file("write", path, errno);
}

void write_file(const fs::path& path, std::string_view bytes, bool force) {
    check_target(path, force);

    std::error_code ignored;
    if (const int standing = standing_descriptor(path); standing >= 0) {
        std::fflush(nullptr);
        if (const int error = write_all(standing, bytes)) fail_file("write", path, error);
        return;
    }
    if (const fs::file_status status = fs::status(path, ignored); fs::exists(status) && !fs::is_regular_file(status)) {
        const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
        if (const int error = file ? write_all(file.get(), bytes) : errno) fail_file("write", path, error);
        return;
    }

    const fs::path target = replaced(path);
    const fs::path temporary = beside(target);
    if (const int error = create_synced(temporary, bytes)) fail_file("write", path, error);
    if (::rename(temporary.c_str(), target.c_str()) != 0) {
        const int error = errno;
        ::unlink(temporary.c_str());
        fail_file("write", path, error);
    }
    sync_directory(parent_of(target));
}

void write_synced(const fs::path& path, std::string_view bytes) {
    if (const int error = create_synced(path, bytes)) fail_file("write", path, error);
}

void sync_directory(const fs::path& directory) {
    const Descriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (const int error = handle ? sync(handle.get()) : errno) fail_file("write", directory, error);
}

void make_directories(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) fail_file("create", path, error.value());
}

void remove_tree(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) fail_file("remove", path, error.value());
}

std::vector<fs::directory_entry> entries_of(const fs::path& directory) {
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        entries.push_back(*entry);
    if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory)
        fail_file("read", directory, error.value());
    return entries;
}

void remove_unfinished(const fs::path& directory, const std::string& name) {
    for (const fs::directory_entry& entry : entries_of(directory)) {
        const std::optional<std::string> target = target_of(entry.path().filename().string());
        std::error_code ignored;
        if (target && (name.empty() || *target == kept_of(name)) && fs::is_regular_file(entry.symlink_status(ignored)))
            remove_tree(entry.path());
    }
}

}  // namespace lnn
