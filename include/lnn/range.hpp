// Named spans of time for a profiler's timeline. They nest on each thread. A build with NVTX hands them on
// (kernels/ranges.cpp), another drops them (kernels/no_ranges.cpp).
#pragma once

#include "lnn/real.hpp"

namespace lnn {

bool ranges_wanted() noexcept;               // does a profiler listen? Decided once
void open_range(const char* name) noexcept;  // on the calling thread
void close_range() noexcept;                 // the innermost open one

inline namespace LNN_ISA {

// Open while it lives. Where steps take a microsecond, `wanted` is asked for once, outside their loop; nothing but a
// branch is then paid where nobody listens.
class Range {
  public:
    explicit Range(const char* name, bool wanted = ranges_wanted()) : wanted_(wanted) {
        if (wanted_) [[unlikely]]
            open_range(name);
    }
    ~Range() {
        if (wanted_) [[unlikely]]
            close_range();
    }
    Range(const Range&) = delete;
    Range& operator=(const Range&) = delete;

    // ends this range; another takes its place
    void next(const char* name) {
        if (!wanted_) [[likely]]
            return;
        close_range();
        open_range(name);
    }

  private:
    const bool wanted_;
};

}  // namespace LNN_ISA
}  // namespace lnn
