// What a device would not allow is seen: each of these kernels is wrong in one way. Compiled as kernels/cuda is.
#include <gtest/gtest.h>

#include <vector>

#include "cuda/launch.cuh"
#include "cuda/threads.cuh"
#include "device.hpp"

namespace lnn::cuda {
namespace {

constexpr int threads = 64;

struct Emulator : testing::Test {
    const emulated::Dials before = emulated::dials();
    void SetUp() override {
        GTEST_FLAG_SET(death_test_style, "threadsafe");
        emulated::new_context();
    }
    void TearDown() override {
        emulated::dials() = before;
        emulated::new_context();
    }
};

// out[i] = i + 1 by way of the next thread's word on chip
__global__ void neighbour_kernel(bool barrier, int words, float* out) {
    auto* const shared = reinterpret_cast<float*>(shared_memory());
    const int i = int(threadIdx.x), next = (i + 1) % int(blockDim.x);
    if (i < words) shared[i] = float(i);
    if (barrier) __syncthreads();
    out[i] = shared[next];
}

std::vector<float> neighbours(bool barrier, std::size_t shared = threads * sizeof(float)) {
    const DeviceBuffer<float> out(threads);
    launch(neighbour_kernel, {1, threads, shared}, barrier, threads, out.get());
    std::vector<float> found(threads);
    out.download(found);
    return found;
}

std::vector<float> expected() {
    std::vector<float> all;
    for (int i = 0; i < threads; ++i) all.push_back(float((i + 1) % threads));
    return all;
}

TEST_F(Emulator, ABarrierMakesEveryOrderRight) {
    for (const auto order : {emulated::Order::forward, emulated::Order::reverse, emulated::Order::random}) {
        emulated::dials().order = order;
        EXPECT_EQ(neighbours(true), expected());
    }
}

#if !defined(__SANITIZE_THREAD__)  // where it is a race, and reported as one
TEST_F(Emulator, AMissingBarrierShowsInEveryOrder) {
    for (const auto order : {emulated::Order::forward, emulated::Order::reverse, emulated::Order::random}) {
        emulated::dials().order = order;
        EXPECT_NE(neighbours(false), expected());
    }
}
#endif

TEST_F(Emulator, OneWordTooFewOnChip) {
    // the sanitizer is faster than the mark behind the memory
    EXPECT_DEATH(neighbours(true, (threads - 1) * sizeof(float)), "on chip|AddressSanitizer");
}

__global__ void leave_early_kernel(float* out) {
    if (threadIdx.x == 3) return;
    __syncthreads();
    out[threadIdx.x] = 1;
}
TEST_F(Emulator, ABarrierThatAThreadNeverReaches) {
    const auto run = [] {
        const DeviceBuffer<float> out(threads);
        launch(leave_early_kernel, {1, threads, 0}, out.get());
        check(cudaDeviceSynchronize(), "");
    };
    EXPECT_DEATH(run(), "63 of 64 threads of a block wait at a barrier that the others never reach");
}

__global__ void fill_kernel(int count, float* out) {
    const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < count) out[i] = float(i);
}
TEST_F(Emulator, OneElementPastAnArray) {
    const auto fill = [](int count) {
        const DeviceBuffer<float> out(100);
        launch(fill_kernel, {2, threads, 0}, count, out.get());
        check(cudaDeviceSynchronize(), "");
    };
    fill(100);
    EXPECT_DEATH(fill(101), "past the end of an allocation of 400 bytes|AddressSanitizer");
}

TEST_F(Emulator, WhatNobodyWroteIsNaN) {
    const DeviceBuffer<float> out(100);
    launch(fill_kernel, {1, threads, 0}, 100, out.get());  // a block too few
    std::vector<float> found(100);
    out.download(found);
    EXPECT_EQ(found[threads - 1], float(threads - 1));
    EXPECT_TRUE(std::isnan(found[threads]));
}

TEST_F(Emulator, TheHostCannotTouchTheDevice) {
    const DeviceBuffer<float> out(100);
    EXPECT_DEATH(std::printf("%f", out.get()[0]), "");
    EXPECT_DEATH(out.get()[0] = 1, "");
}

TEST_F(Emulator, AnAddressOfTheHost) {
    std::vector<float> host(threads);
    EXPECT_DEATH(launch(fill_kernel, {1, threads, 0}, threads, host.data()),
                 "an argument of a kernel holds an address");
}

TEST_F(Emulator, NothingRunsBeforeSomethingSynchronises) {
    int ran = 0;
    emulated::enqueue([&] { ++ran; });
    EXPECT_EQ(ran, 0);
    check(cudaDeviceSynchronize(), "");
    EXPECT_EQ(ran, 1);
    // a copy up keeps its turn and what it was called with
    std::vector<float> numbers(threads, 7);
    const DeviceBuffer<float> out{std::span<const float>(numbers)};
    numbers.assign(threads, 8);
    std::vector<float> found(threads);
    out.download(found);
    EXPECT_EQ(found, std::vector<float>(threads, 7));
}

TEST_F(Emulator, ACopyDownThatNobodyWaitsFor) {
    const DeviceBuffer<float> out(threads);
    launch(fill_kernel, {1, threads, 0}, threads, out.get());
    std::vector<float> found(threads, 7);
    check(cudaMemcpyAsync(found.data(), out.get(), threads * sizeof(float), cudaMemcpyDeviceToHost, nullptr), "");
    EXPECT_EQ(found[3], 7);
    check(cudaDeviceSynchronize(), "");
    EXPECT_EQ(found[3], 3);
}

TEST_F(Emulator, MoreOnChipThanABlockMayHave) {
    const DeviceBuffer<float> out(threads);
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(1), config.blockDim = dim3(threads), config.dynamicSmemBytes = 100 << 10;
    const auto status = [&] { return cudaLaunchKernelEx(&config, neighbour_kernel, true, threads, out.get()); };
    EXPECT_EQ(status(), cudaErrorInvalidValue);
    allow_shared(neighbour_kernel, 100 << 10);
    EXPECT_EQ(status(), cudaSuccess);
    emulated::dials().shared = 48 << 10;
    EXPECT_EQ(status(), cudaErrorInvalidValue);
    config.dynamicSmemBytes = 0, config.blockDim = dim3(2048);
    EXPECT_EQ(status(), cudaErrorInvalidConfiguration);
    emulated::new_context();
}

TEST_F(Emulator, AFaultStaysButAWantOfMemoryPasses) {
    emulated::dials().fault = {"allocate", 2, cudaErrorMemoryAllocation, false};
    void* p = nullptr;
    EXPECT_EQ(cudaMalloc(&p, 8), cudaSuccess);
    EXPECT_EQ(cudaMalloc(&p, 8), cudaErrorMemoryAllocation);
    EXPECT_EQ(cudaMalloc(&p, 8), cudaSuccess);
    emulated::new_context();
    emulated::dials().fault = {"synchronize", 1, cudaErrorIllegalAddress, false};
    EXPECT_EQ(cudaMalloc(&p, 8), cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
    EXPECT_EQ(cudaMalloc(&p, 8), cudaErrorIllegalAddress);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
}

TEST_F(Emulator, MemoryEnds) {
    emulated::dials().memory = 1 << 20;
    void *p = nullptr, *q = nullptr;
    EXPECT_EQ(cudaMalloc(&p, 600 << 10), cudaSuccess);
    EXPECT_EQ(cudaMalloc(&q, 600 << 10), cudaErrorMemoryAllocation);
    EXPECT_EQ(cudaFree(p), cudaSuccess);
    EXPECT_EQ(cudaMalloc(&q, 600 << 10), cudaSuccess);
    EXPECT_EQ(cudaFree(q), cudaSuccess);
    EXPECT_EQ(cudaFree(q), cudaErrorInvalidValue);
}

#if defined(__SANITIZE_THREAD__)
__global__ void race_kernel(float* out) { out[0] = float(threadIdx.x); }
TEST_F(Emulator, ARaceBetweenThreadsOfABlock) {
    const auto race = [] {
        const DeviceBuffer<float> out(1);
        launch(race_kernel, {1, threads, 0}, out.get());
        check(cudaDeviceSynchronize(), "");
        std::exit(0);  // with the sanitizer's own status where it has seen a race
    };
    EXPECT_EXIT(race(), testing::ExitedWithCode(66), "data race");
    const auto none = [] { std::exit(neighbours(true) == expected() ? 0 : 1); };
    EXPECT_EXIT(none(), testing::ExitedWithCode(0), "");
    const auto without_barrier = [] {
        neighbours(false);
        std::exit(0);
    };
    EXPECT_EXIT(without_barrier(), testing::ExitedWithCode(66), "data race");
}
#endif

}  // namespace
}  // namespace lnn::cuda
