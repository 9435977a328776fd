// Work over all cores: a function called once on each of `threads` threads, and pieces handed out as they finish.
#pragma once

#include <immintrin.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lnn {

// A meeting point for threads that work in step. Spins, since steps are shorter than the system's wake-up, and lets
// others run where the wait grows longer than some 20 us: where cores are shared, the one waited for may need this one.
class SpinBarrier {
  public:
    explicit SpinBarrier(int size) : size_(size) {}
    void wait() {
        const unsigned round = round_.load(std::memory_order_acquire);
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
            arrived_.store(0, std::memory_order_relaxed);
            round_.store(round + 1, std::memory_order_release);
            return;
        }
        for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins) {
            if (spins < 500)
                _mm_pause();
            else
                std::this_thread::yield();
        }
    }

  private:
    const int size_;
    std::atomic<int> arrived_ = 0;
    std::atomic<unsigned> round_ = 0;
};

// f(thread) on each thread; the first exception is rethrown here
template <class F>
void on_threads(int threads, F&& f) {
    std::exception_ptr error;
    std::mutex mutex;
    const auto guarded = [&](int thread) {
        try {
            f(thread);
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!error) error = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> others;
        for (int t = 1; t < threads; ++t) others.emplace_back(guarded, t);
        guarded(0);
    }
    if (error) std::rethrow_exception(error);
}

// f(thread, first, count) over [0, total) in pieces; which thread gets which piece is open
template <class F>
void in_pieces(int threads, std::int64_t total, std::int64_t piece, F&& f) {
    const std::int64_t pieces = (total + piece - 1) / piece;
    std::atomic<std::int64_t> next = 0;
    on_threads(int(pieces < threads ? pieces : threads), [&](int thread) {
        for (std::int64_t p; (p = next++) < pieces;) {
            const std::int64_t first = p * piece;
            f(thread, first, total - first < piece ? total - first : piece);
        }
    });
}

}  // namespace lnn
