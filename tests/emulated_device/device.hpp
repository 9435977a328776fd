// A CUDA device that is not there: kernels run on this processor, one thread of a block after another. What can be seen
// without a card is seen here: every launch and its arguments, barriers, the size of every array, what the host may
// touch, what is uninitialised, and every failure that the runtime can report. Time, occupancy, divergence, the order
// of memory and races between blocks are not.
//
// The door of the emulator: for its stand-ins of cuBLAS and cuSOLVER, for cuda_as_cpp.hpp and for tests.
#pragma once

#include <driver_types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace emulated {

// in which order the threads of a block come between two barriers, and the blocks of a grid
enum class Order { forward, reverse, random };

// a call that fails, and how
struct Fault {
    std::string call;                 // allocate | copy | clear | launch | synchronize | properties | cublas | cusolver
    std::int64_t number = 0;          // the n-th of them, from 1 on; 0: none
    cudaError_t error = cudaSuccess;  // of the runtime's calls; a library's call fails with its own status
    bool ever_after = false;          // not this one alone
};

// What a person's machine may be like. Read once from LNN_EMULATED, "name=value,...", e.g.
// "multiprocessors=132,shared=227K,memory=1G,order=random:7,fail=allocate:3:memory"; tests set them as well.
struct Dials {
    int devices = 1;
    int multiprocessors = 8;
    std::size_t shared = 227 << 10;             // bytes that a block may have on chip
    std::size_t memory = std::size_t(4) << 30;  // bytes of the device
    Order order = Order::forward;
    std::uint64_t seed = 0;  // of Order::random
    bool old_driver = false;
    bool code = true;  // this build has code for the device
    bool cublas = true, cusolver = true;
    Fault fault;  // fail=CALL:N:ERROR, or N+ for all from there on; ERROR: memory | address | timeout | failure | lost
};
Dials& dials();

// what has been asked of the device
struct Counters {
    std::int64_t launches = 0, allocations = 0, frees = 0, uploads = 0, downloads = 0, uploaded_bytes = 0,
                 downloaded_bytes = 0, clears = 0, synchronizations = 0, memory_questions = 0;
};
Counters& counters();
std::string text_of(const Counters&);

// A context that failed fails ever after, until this begins a new one: for tests that go on in one process. Counts begin
// anew, and memory that was taken is free.
void new_context();

// counts a call of this kind; how it fails, as the dial or an earlier failure has it, or cudaSuccess
cudaError_t fault_of(const std::string& call);
// of the context, for calls that are not counted
cudaError_t failure();

// Work in the device's one stream: it waits there until something synchronises.
void enqueue(std::function<void()> work);

// the same for a grid, each of whose threads calls `thread`; how it fails where a device would not start it
cudaError_t start(const void* kernel, const cudaLaunchConfig_t&, std::function<void()> thread);
// bytes on chip that the kernel's blocks may have from now on
void allow_shared(const void* kernel, std::size_t bytes);

// all that waits is done; the first failure, which stays
cudaError_t synchronize();

// Whether the words of a kernel's argument hold an address of the host, which a device cannot follow: ends the process,
// saying where. Addresses within what the device itself holds are not looked at.
void refuse_host_pointers(const void* argument, std::size_t size);

// ends the process: the program has done what no device would allow
[[noreturn]] void fail(const std::string& line);

}  // namespace emulated
