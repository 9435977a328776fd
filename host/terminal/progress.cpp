#include "terminal/progress.hpp"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "terminal/talk.hpp"

namespace lnn {

namespace {

std::string duration(double seconds) {
    const long s = std::max(0L, std::lround(seconds));
    return s >= 3600 ? fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
                     : fmt::format("{}:{:02}", s / 60, s % 60);
}

}  // namespace

Progress::Progress(std::string what, std::string unit, std::int64_t total, bool wanted)
    : what_(std::move(what)), unit_(std::move(unit)), total_(total), wanted_(wanted), terminal_(isatty(STDERR_FILENO)) {
    start_ = last_ = Clock::now();
}

Progress::~Progress() { finish(); }

void Progress::show(std::int64_t done, const std::string& note) noexcept {
    if (!wanted_) return;
    const auto now = Clock::now();
    if (began_ < 0) {  // a resumed job is not credited with what was done before
        began_ = done;
        start_ = now;
    }
    const double since = std::chrono::duration<double>(now - last_).count();
    if (done < total_ && since < (terminal_ ? 0.1 : 5.0)) return;
    last_ = now;
    without_failing([&] { draw(done, note, now); });
}

void Progress::draw(std::int64_t done, const std::string& note, Clock::time_point now) {
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    const double rate = elapsed > 0 ? double(done - began_) / elapsed : 0;
    const std::string left = rate > 0 ? duration(double(total_ - done) / rate) : "?";
    const double share = total_ > 0 ? double(done) / double(total_) : 1;
    const std::string figures =
        fmt::format("{}/{} {} {:.3g}/s {} left{}{}", done, total_, unit_, rate, left, note.empty() ? "" : "  ", note);
    if (terminal_) {
        const int full = int(share * 24);
        talk(fmt::format("\r\033[K{} [{}{}] {:3.0f}% {}", what_, std::string(full, '#'), std::string(24 - full, '.'),
                         100 * share, figures));
        open_ = true;
    } else {
        talk(fmt::format("{}: {:3.0f}% {}\n", what_, 100 * share, figures));
    }
}

void Progress::finish() noexcept {
    if (open_) talk("\n");
    open_ = false;
}

}  // namespace lnn
