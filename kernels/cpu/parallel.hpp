// Work over all cores: threads, pieces handed out as they finish, and teams of threads that share a model.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "jobs.hpp"

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

// how many threads a job may have, and who is told where the system starts fewer
struct Threads {
    int count = 1;
    void (*fewer)(int missing, int wanted) = nullptr;
};

// Threads that wait for work, so that it is cut up when it is known how many the system started: of those wanted, at
// most `most`. The caller's is one of them, so there is always one.
template <class Thread>
class CrewOf {
  public:
    explicit CrewOf(const Threads& threads, std::int64_t most = INT64_MAX) : CrewOf() {
        const int wanted = int(std::min<std::int64_t>(threads.count, most));
        try {
            others_.reserve(std::size_t(wanted));
            for (int t = 1; t < wanted; ++t)
                others_.emplace_back([this, t] {
                    begun_.wait(false, std::memory_order_acquire);
                    if (job_) job_(t);
                });
        } catch (const std::exception&) {  // no thread, or no memory for one
            if (threads.fewer) threads.fewer(wanted - size(), wanted);
        }
    }
    ~CrewOf() { begin(); }
    CrewOf(const CrewOf&) = delete;
    CrewOf& operator=(const CrewOf&) = delete;

    int size() const { return int(others_.size()) + 1; }

    // f(thread) on each thread; the first exception is rethrown here. Then the crew has gone.
    template <class F>
    void work(F&& f) {
        std::exception_ptr error;
        std::mutex mutex;
        job_ = [&](int thread) {
            try {
                f(thread);
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!error) error = std::current_exception();
            }
        };
        begin();
        job_(0);
        others_.clear();
        if (error) std::rethrow_exception(error);
    }

  private:
    CrewOf() = default;  // complete before a thread starts, so that ~CrewOf lets those go that wait
    void begin() {
        begun_.store(true, std::memory_order_release);
        begun_.notify_all();
    }

    std::function<void(int)> job_;
    std::atomic<bool> begun_ = false;
    std::vector<Thread> others_;  // the last to be made, the first to go
};
using Crew = CrewOf<std::jthread>;

// f(thread, first, count) over [0, total) in pieces; which thread gets which piece is open
template <class Thread = std::jthread, class F>
void in_pieces(const Threads& threads, std::int64_t total, std::int64_t piece, F&& f) {
    const std::int64_t pieces = (total + piece - 1) / piece;
    std::atomic<std::int64_t> next = 0;
    CrewOf<Thread>(threads, pieces).work([&](int thread) {
        for (std::int64_t p; (p = next++) < pieces;) {
            const std::int64_t first = p * piece;
            f(thread, first, total - first < piece ? total - first : piece);
        }
    });
}

// teams side by side, each of so many threads
struct Teams {
    int count, size;
};

// Many models: each by one thread. Fewer models than threads: the teams that have done soonest, where a team takes one
// model after the other and its threads share the `parts` of a model's work; of equal ones the smallest, whose threads
// wait for each other least.
inline Teams teams_for(int threads, int models, int parts) {
    if (models >= threads) return {threads, 1};
    const auto rounds = [](int work, int workers) { return (work + workers - 1) / workers; };
    const auto time = [&](const Teams& teams) {
        return std::int64_t{rounds(models, teams.count)} * rounds(parts, teams.size);
    };
    Teams best{1, 1};
    for (int count = models; count >= 1; --count)
        if (const Teams teams{count, std::min(threads / count, parts)}; time(teams) < time(best)) best = teams;
    return best;
}

// f(model, number of its team, team) for each model, on each thread of its team. The first model of a team is that of
// its number, then it takes what is left. f must not throw where a team has more than one thread: the others wait.
template <class Thread, class F>
void in_teams(CrewOf<Thread>& crew, const Teams& teams, int models, F&& f) {
    struct alignas(64) Shared {
        SpinBarrier barrier;
        int model = 0;
        explicit Shared(int size) : barrier(size) {}
    };
    std::deque<Shared> all;
    for (int t = 0; t < teams.count; ++t) all.emplace_back(teams.size);
    std::atomic<int> next = teams.count;
    crew.work([&](int thread) {
        const int number = thread / teams.size;
        if (number >= teams.count) return;
        Shared& own = all[std::size_t(number)];
        Team team{thread % teams.size, teams.size};
        if (team.size > 1) {
            team.wait = [](void* barrier) { static_cast<SpinBarrier*>(barrier)->wait(); };
            team.barrier = &own.barrier;
        }
        for (int m = number; m < models; m = own.model) {
            f(m, number, team);
            team.sync();  // everybody has done with this model, and read which it was
            if (team.index == 0) own.model = next++;
            team.sync();
        }
    });
}

}  // namespace lnn
