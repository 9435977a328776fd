#include "files/lines.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "files/atomic_file.hpp"
#include "lnn/error.hpp"

namespace lnn {

namespace {

constexpr std::size_t piece = 1 << 18;
constexpr std::size_t longest_line = 1 << 20;

}  // namespace

Lines::Lines(const std::filesystem::path& path)
    : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), where_(path.string()) {
    if (!file_) fail_file("read", path, errno);
    fill();
    skip_mark();
}

Lines::Lines(std::string text, std::string where) : where_(std::move(where)), buffer_(std::move(text)) { skip_mark(); }

void Lines::skip_mark() {
    if (buffer_.starts_with("\xEF\xBB\xBF")) at_ = 3;
}

bool Lines::fill() {
    if (!file_) return false;
    buffer_.erase(0, at_);
    at_ = 0;
    const std::size_t size = buffer_.size();
    buffer_.resize(size + piece);
    ssize_t got = 0;
    do got = ::read(file_.get(), buffer_.data() + size, piece);
    while (got < 0 && errno == EINTR);
    if (got < 0) fail_file("read", where_, errno);
    buffer_.resize(size + static_cast<std::size_t>(got));
    return got > 0;
}

bool Lines::next(std::string_view& line) {
    std::size_t searched = 0, end = 0;  // counted from at_, which fill moves
    for (;;) {
        end = std::min(buffer_.find('\n', at_ + searched), buffer_.size()) - at_;
        if (end > longest_line)
            throw Error(Exit::file, fmt::format("{}:{}:1: a line of more than {} bytes; write one row a line", where_,
                                                number_ + 1, longest_line));
        if (at_ + end < buffer_.size()) break;
        searched = end;
        if (!fill()) break;
    }
    if (at_ == buffer_.size()) return false;
    line = std::string_view(buffer_).substr(at_, end);
    at_ = std::min(at_ + end + 1, buffer_.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    return true;
}

std::string Lines::rest() {
    struct stat info {};
    if (file_ && ::fstat(file_.get(), &info) == 0) buffer_.reserve(static_cast<std::size_t>(info.st_size) + 2 * piece);
    while (fill()) {
    }
    std::string bytes = std::move(buffer_);
    bytes.erase(0, at_);
    buffer_.clear();
    at_ = 0;
    return bytes;
}

}  // namespace lnn
