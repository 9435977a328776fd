// Memory of exactly so many elements: one read or write too many is seen.
#pragma once

#include <cstring>
#include <memory>

#include "lnn/real.hpp"

namespace lnn {

// `size` elements between zones of NaN. Under the address sanitizer there are no zones: it has its own.
template <class R>
class Guarded {
  public:
    explicit Guarded(std::size_t size) : size_(size), memory_(new R[size + 2 * zone]) {
        std::memset(static_cast<void*>(memory_.get()), 0xff, (size + 2 * zone) * sizeof(R));
    }
    R* get() { return memory_.get() + zone; }
    void fill(ScalarOf<R> x) {
        for (std::size_t i = 0; i < size_; ++i) get()[i] = R(x);
    }
    // all numbers, NaN included, are still what a zone was filled with
    bool intact() const { return untouched(0, zone) && untouched(zone + size_, zone); }
    // elements first .. first + count - 1 were never written
    bool unwritten(std::size_t first, std::size_t count) const { return untouched(zone + first, count); }

  private:
#if defined(__SANITIZE_ADDRESS__)
    static constexpr std::size_t zone = 0;
#else
    static constexpr std::size_t zone = 32;
#endif
    std::size_t size_;
    std::unique_ptr<R[]> memory_;

    bool untouched(std::size_t first, std::size_t count) const {
        const auto* bytes = reinterpret_cast<const unsigned char*>(memory_.get() + first);
        for (std::size_t i = 0; i < count * sizeof(R); ++i)
            if (bytes[i] != 0xff) return false;
        return true;
    }
};

}  // namespace lnn
