#include "files/partial_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "files/hash.hpp"

namespace lnn {

namespace {

// number of bytes read or written, less than all where the file ends or fails
std::size_t read_all(int fd, char* to, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
        const ssize_t got = ::read(fd, to + done, size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        done += std::size_t(got);
    }
    return done;
}

bool bears_its_name(int fd, const std::filesystem::path& path) {
    struct stat open {
    }, named{};
    return ::fstat(fd, &open) == 0 && ::lstat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
           open.st_ino == named.st_ino;
}

constexpr std::uint64_t magic = 0x545241504e4e4c;  // LNNPART

std::string bytes_of(std::uint64_t number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }

}  // namespace

PartialFile::PartialFile(std::filesystem::path path, std::uint64_t key) : path_(std::move(path)) {
    const auto without = [&](const std::string& why) {
        problem_ = fmt::format("{}: {}; what is done will not outlive an interruption", path_.string(), why);
        file_ = Descriptor();
    };
    do {  // until it is the one that bears the name: the job that had it may have removed it before it was locked here
        file_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
        if (!file_) {
            without(std::generic_category().message(errno));
            return;
        }
        if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
            without("in use by another process");
            return;
        }
    } while (!bears_its_name(file_.get(), path_));
    std::uint64_t found[2] = {};
    const std::size_t got = read_all(file_.get(), reinterpret_cast<char*>(found), sizeof found);
    if (got > 0 && (got < sizeof magic || found[0] != magic)) {
        without("not a file of an interrupted job; remove it");
        return;
    }
    reading_ = got == sizeof found && found[1] == key;
    if (!reading_ && (::ftruncate(file_.get(), 0) != 0 || ::lseek(file_.get(), 0, SEEK_SET) != 0 ||
                      write_all(file_.get(), bytes_of(magic) + bytes_of(key)) != 0))
        break_off("what is done");
}

bool PartialFile::next(std::string& slice, std::size_t bytes) {
    if (!reading_) return false;
    const off_t begin = ::lseek(file_.get(), 0, SEEK_CUR);
    std::uint64_t check = 0;
    slice.resize(bytes);
    reading_ = read_all(file_.get(), slice.data(), bytes) == bytes &&
               read_all(file_.get(), reinterpret_cast<char*>(&check), sizeof check) == sizeof check &&
               check == hash_of(slice);
    // from here on it is written
    if (!reading_ && (::ftruncate(file_.get(), begin) != 0 || ::lseek(file_.get(), begin, SEEK_SET) != begin))
        break_off("what is done from here on");
    return reading_;
}

void PartialFile::append(std::string_view slice) {
    if (keeps() && write_all(file_.get(), std::string(slice) + bytes_of(hash_of(slice))) != 0)
        break_off("what is done from here on");
}

void PartialFile::break_off(const char* lost) {
    problem_ = fmt::format("{}: {}; {} will not outlive an interruption", path_.string(),
                           std::generic_category().message(errno), lost);
    broken_ = true;
}

void PartialFile::remove() {
    if (file_) ::unlink(path_.c_str());
    file_ = Descriptor();
}

}  // namespace lnn
