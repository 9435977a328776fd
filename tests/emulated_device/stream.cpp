// The device's one stream: what waits in it, grids among it, and what becomes of a context that failed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <numeric>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>
#include <vector_types.h>

#include "device.hpp"
#include "fibers.hpp"
#include "launched.hpp"
#include "memory.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

extern uint3 blockIdx;
extern dim3 blockDim, gridDim;

namespace lnn::cuda {

constexpr std::size_t most_shared = 256 << 10;
double2 words_on_chip[most_shared / sizeof(double2)];  // what a block has on chip

}  // namespace lnn::cuda

namespace emulated {
namespace {

std::deque<std::function<void()>> waiting;
cudaError_t failed = cudaSuccess;
std::map<std::string, std::int64_t> calls;
std::map<const void*, std::size_t> allowed;  // bytes on chip, of kernels that asked for more than what all may have
constexpr std::size_t always_shared = 48 << 10;
constexpr unsigned most_threads = 1024;  // of a block

// Memory on chip ends where the block's does: behind it nothing may be read or written.
class OnChip {
  public:
    explicit OnChip(std::size_t bytes) : bytes_(bytes) {
        std::memset(all(), 0xff, bytes);
        std::memset(all() + bytes, mark, size - bytes);
#if defined(__SANITIZE_ADDRESS__)
        ASAN_POISON_MEMORY_REGION(all() + bytes, size - bytes);
#endif
    }
    ~OnChip() {
#if defined(__SANITIZE_ADDRESS__)
        ASAN_UNPOISON_MEMORY_REGION(all() + bytes_, size - bytes_);
#endif
        for (std::size_t i = bytes_; i < size; ++i)
            if (all()[i] != mark)
                fail("a kernel wrote past the " + std::to_string(bytes_) + " bytes that its block has on chip");
    }

  private:
    static constexpr std::size_t size = sizeof lnn::cuda::words_on_chip;
    static constexpr unsigned char mark = 0xa5;
    std::size_t bytes_;

    static unsigned char* all() { return reinterpret_cast<unsigned char*>(lnn::cuda::words_on_chip); }
};

}  // namespace

cudaError_t failure() { return failed; }

cudaError_t fault_of(const std::string& call) {
    if (failed != cudaSuccess) return failed;
    const Fault& fault = dials().fault;
    const std::int64_t number = ++calls[call];
    if (call != fault.call || fault.number == 0 || (fault.ever_after ? number < fault.number : number != fault.number))
        return cudaSuccess;
    if (fault.error != cudaErrorMemoryAllocation) failed = fault.error;  // a want of memory passes
    return fault.error;
}

void new_context() {
    waiting.clear();
    calls.clear();
    failed = cudaSuccess;
    counters() = {};
    forget_all();
}

void enqueue(std::function<void()> work) { waiting.push_back(std::move(work)); }

void allow_shared(const void* kernel, std::size_t bytes) { allowed[kernel] = bytes; }

cudaError_t start(const void* kernel, const cudaLaunchConfig_t& config, std::function<void()> thread) {
    const unsigned blocks = config.gridDim.x, threads = config.blockDim.x;
    const std::size_t shared = config.dynamicSmemBytes;
    if (const cudaError_t error = fault_of("launch"); error != cudaSuccess) return error;
    if (!dials().code) return cudaErrorNoKernelImageForDevice;
    if (blocks == 0 || threads == 0 || threads > most_threads) return cudaErrorInvalidConfiguration;
    if (shared > std::max(allowed[kernel], always_shared) || shared > dials().shared) return cudaErrorInvalidValue;
    note_launch(kernel);
    ++counters().launches;
    enqueue([=, thread = std::move(thread)] {
        std::vector<unsigned> order(blocks);
        std::iota(order.begin(), order.end(), 0u);
        sort(order);
        gridDim = dim3(blocks);
        blockDim = dim3(threads);
        for (const unsigned block : order) {
            blockIdx = {block, 0, 0};
            const OnChip on_chip(shared);
            run_block(threads, thread);
        }
    });
    return cudaSuccess;
}

cudaError_t synchronize() {
    if (failed != cudaSuccess) return failed;
    if (waiting.empty()) return cudaSuccess;
    const Access access;
    while (!waiting.empty()) {
        const auto work = std::move(waiting.front());
        waiting.pop_front();
        work();
    }
    check_red_zones();
    return cudaSuccess;
}

void refuse_host_pointers(const void* argument, std::size_t size) {
    // where Linux puts what a program has, on this kind of processor
    constexpr std::uintptr_t lowest = 0x5000'0000'0000, end = 0x8000'0000'0000, page = 4096;
    for (std::size_t i = 0; i + sizeof(void*) <= size; i += sizeof(void*)) {
        std::uintptr_t word;
        std::memcpy(&word, static_cast<const char*>(argument) + i, sizeof word);
        const auto* const address = reinterpret_cast<const void*>(word);
        if (word < lowest || word >= end || on_device(address) || is_behind(address)) continue;
        unsigned char resident;
        if (mincore(reinterpret_cast<void*>(word / page * page), 1, &resident) != 0) continue;  // nothing is there
        fail("an argument of a kernel holds an address of the host at byte " + std::to_string(i));
    }
}

void fail(const std::string& line) {
    std::fprintf(stderr, "emulated device: %s\n", line.c_str());
    std::abort();
}

}  // namespace emulated
