// A bar with rate and remaining time on a terminal, a line every few seconds elsewhere; always on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace lnn {

class Progress {
  public:
    // `what` is done, `total` of `unit` are to do; silent if not wanted
    Progress(std::string what, std::string unit, std::int64_t total, bool wanted);
    ~Progress();

    // `done` so far; `note` stands at the end of the line ("loss 0.031")
    void show(std::int64_t done, const std::string& note = {}) noexcept;
    void finish() noexcept;

  private:
    using Clock = std::chrono::steady_clock;
    std::string what_, unit_;
    std::int64_t total_, began_ = -1;
    bool wanted_, terminal_, open_ = false;
    Clock::time_point start_, last_;

    void draw(std::int64_t done, const std::string& note, Clock::time_point now);
};

}  // namespace lnn
