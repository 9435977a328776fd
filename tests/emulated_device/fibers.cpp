#include "fibers.hpp"

#include <sys/mman.h>
#include <vector_types.h>

#include <algorithm>
#include <deque>
#include <numeric>
#include <random>
#include <vector>

#include "device.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(EMULATED_THREAD_SANITIZER)  // this file itself is not under it
#include <sanitizer/tsan_interface.h>
#endif

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

// leaves one stack, whose pointer goes to *from, for another: registers that a call keeps are on the stack
extern "C" void emulated_switch(void** from, void* to);
asm(R"(
    .text
    .globl emulated_switch
    .type emulated_switch, @function
emulated_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size emulated_switch, .-emulated_switch
)");

namespace emulated {
namespace {

constexpr std::size_t page = 4096, stack_bytes = 512 << 10;

enum class State { idle, running, waiting };

struct Fiber {
    char* stack = nullptr;  // its lowest byte; null: the scheduler's, which is the thread's own
    std::size_t size = 0;
    void* pointer = nullptr;  // where it was left
    State state = State::idle;
    void *fake_stack = nullptr, *thread = nullptr;  // of the sanitizers
};

Fiber scheduler;
std::deque<Fiber> fibers;  // of thread 0, 1, ...: one each, so that the thread sanitizer can tell them apart
Fiber* current = &scheduler;
const std::function<void()>* body = nullptr;

// Sync variables for the thread sanitizer: what comes before a barrier comes before all that follows it. One for each
// of two barriers in turn, for a thread may wait at the next while others have not left the last.
char began, ended, barriers[2];
unsigned barrier = 0;

void happens_before(char& sync) {
#if defined(EMULATED_THREAD_SANITIZER)
    __tsan_release(&sync);
#else
    (void)sync;
#endif
}
void happens_after(char& sync) {
#if defined(EMULATED_THREAD_SANITIZER)
    __tsan_acquire(&sync);
#else
    (void)sync;
#endif
}

void go_to(Fiber& next) {
    Fiber& left = *current;
    current = &next;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&left.fake_stack, next.stack, next.size);
#endif
#if defined(EMULATED_THREAD_SANITIZER)
    __tsan_switch_to_fiber(next.thread, __tsan_switch_to_fiber_no_sync);
#endif
    emulated_switch(&left.pointer, next.pointer);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(left.fake_stack, nullptr, nullptr);
#endif
}

// where every fiber begins; it takes the next thread when it is done with one
void run_threads() {
#if defined(__SANITIZE_ADDRESS__)
    const void* bottom;
    std::size_t size;
    __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
    if (!scheduler.stack) {
        scheduler.stack = static_cast<char*>(const_cast<void*>(bottom));
        scheduler.size = size;
    }
#endif
    for (;;) {
        happens_after(began);
        (*body)();
        happens_before(ended);
        current->state = State::idle;
        go_to(scheduler);
    }
}

void make(Fiber& fiber, std::size_t number) {
    void* const at =
        mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED || mprotect(at, page, PROT_NONE) != 0) fail("no stack for a thread of a block");
    fiber.stack = static_cast<char*>(at) + page;
    fiber.size = stack_bytes - page;
    // tops in different lines of the caches
    auto** top = reinterpret_cast<void**>(fiber.stack + fiber.size - number % 32 * 128);
    *--top = nullptr;  // a call would have left the stack 8 bytes off a multiple of 16
    *--top = reinterpret_cast<void*>(run_threads);
    for (int kept = 0; kept < 6; ++kept) *--top = nullptr;
    fiber.pointer = top;
#if defined(EMULATED_THREAD_SANITIZER)
    fiber.thread = __tsan_create_fiber(0);
#endif
}

}  // namespace

void sort(std::vector<unsigned>& all) {
    static std::uint64_t seed = dials().seed;
    static std::mt19937_64 engine(seed);
    if (seed != dials().seed) engine.seed(seed = dials().seed);
    if (dials().order == Order::reverse) std::reverse(all.begin(), all.end());
    if (dials().order == Order::random) std::shuffle(all.begin(), all.end(), engine);
}

void run_block(unsigned threads, const std::function<void()>& thread) {
    while (fibers.size() < threads) make(fibers.emplace_back(), fibers.size());
#if defined(EMULATED_THREAD_SANITIZER)
    scheduler.thread = __tsan_get_current_fiber();
#endif
    body = &thread;
    std::vector<unsigned> all(threads), order;
    std::iota(all.begin(), all.end(), 0u);
    happens_before(began);
    for (bool first = true; first || !all.empty(); first = false) {
        order = all;
        sort(order);
        all.clear();
        for (const unsigned t : order) {
            threadIdx = {t, 0, 0};
            fibers[t].state = State::running;
            go_to(fibers[t]);
        }
        for (unsigned t = 0; t < threads; ++t)
            if (fibers[t].state == State::waiting) all.push_back(t);
        if (!all.empty() && all.size() != threads)
            fail(std::to_string(all.size()) + " of " + std::to_string(threads) +
                 " threads of a block wait at a barrier that the others never reach");
        ++barrier;
    }
    happens_after(ended);
}

}  // namespace emulated

void __syncthreads() {
    using namespace emulated;
    char& sync = barriers[barrier % 2];
    happens_before(sync);
    current->state = State::waiting;
    go_to(scheduler);
    happens_after(sync);
}
