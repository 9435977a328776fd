// The functions of the CUDA runtime that the project calls, as their manual has them. A kernel starts in
// cuda_as_cpp.hpp.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "device.hpp"
#include "memory.hpp"

using namespace emulated;

namespace {

constexpr std::size_t shared_of_processor = 1024;  // bytes that each block takes beside its own
constexpr int threads_of_processor = 2048, threads_of_block = 1024, blocks_of_processor = 32;

cudaError_t last = cudaSuccess;  // until cudaGetLastError

cudaError_t done(cudaError_t error) {
    if (error != cudaSuccess) last = error;
    return error;
}

// a row of so many bytes that both sides have
bool fits(const void* device, const void* host, std::size_t bytes) {
    return is_allocated(device, bytes) && !on_device(host);
}

cudaError_t copy(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                 std::size_t rows, cudaMemcpyKind kind) {
    if (const cudaError_t error = fault_of("copy"); error != cudaSuccess) return error;
    if (width == 0 || rows == 0) return cudaSuccess;
    if (rows > 1 && (width > to_pitch || width > from_pitch)) return cudaErrorInvalidPitchValue;
    const auto span = [&](std::size_t pitch) { return (rows - 1) * pitch + width; };
    auto* const into = static_cast<char*>(to);
    const auto* const out_of = static_cast<const char*>(from);
    if (kind == cudaMemcpyHostToDevice) {
        if (!fits(to, from, span(to_pitch))) return cudaErrorInvalidValue;
        std::string bytes(width * rows, '\0');  // the caller's memory may be gone when this comes to its turn
        for (std::size_t r = 0; r < rows; ++r) std::memcpy(&bytes[r * width], out_of + r * from_pitch, width);
        enqueue([=, bytes = std::move(bytes)] {
            for (std::size_t r = 0; r < rows; ++r) std::memcpy(behind(into + r * to_pitch), &bytes[r * width], width);
        });
        ++counters().uploads;
        counters().uploaded_bytes += std::int64_t(width * rows);
        return cudaSuccess;
    }
    if (kind != cudaMemcpyDeviceToHost || !fits(from, to, span(from_pitch))) return cudaErrorInvalidValue;
    ++counters().downloads;
    counters().downloaded_bytes += std::int64_t(width * rows);
    if (const cudaError_t error = synchronize(); error != cudaSuccess) return error;
    for (std::size_t r = 0; r < rows; ++r) std::memcpy(into + r * to_pitch, behind(out_of + r * from_pitch), width);
    return cudaSuccess;
}

}  // namespace

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
    *count = 0;
    if (dials().old_driver) return done(cudaErrorInsufficientDriver);
    if (dials().devices == 0) return done(cudaErrorNoDevice);
    *count = dials().devices;
    return done(failure());
}

cudaError_t cudaSetDevice(int device) {
    return done(device < 0 || device >= dials().devices ? cudaErrorInvalidDevice : failure());
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
    *properties = {};
    std::strcpy(properties->name, "emulated device");
    properties->major = 9;
    properties->multiProcessorCount = dials().multiprocessors;
    properties->sharedMemPerBlockOptin = dials().shared;
    properties->totalGlobalMem = dials().memory;
    return done(fault_of("properties"));
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
    ++counters().memory_questions;
    *free = free_bytes();
    *total = dials().memory;
    return done(failure());
}

cudaError_t cudaMalloc(void** p, std::size_t size) {
    *p = nullptr;
    if (const cudaError_t error = fault_of("allocate"); error != cudaSuccess) return done(error);
    if (size == 0) return cudaSuccess;
    *p = allocate(size);
    if (!*p) return done(cudaErrorMemoryAllocation);
    ++counters().allocations;
    return cudaSuccess;
}

cudaError_t cudaFree(void* p) {
    if (!p) return cudaSuccess;
    if (const cudaError_t error = synchronize(); error != cudaSuccess) return done(error);
    ++counters().frees;
    return done(release(p) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMemset(void* p, int value, std::size_t size) {
    if (const cudaError_t error = fault_of("clear"); error != cudaSuccess) return done(error);
    if (size == 0) return cudaSuccess;
    if (!is_allocated(p, size)) return done(cudaErrorInvalidValue);
    ++counters().clears;
    enqueue([=] { std::memset(behind(p), value, size); });
    return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t size, cudaMemcpyKind kind) {
    return done(copy(to, size, from, size, size, 1, kind));
}

cudaError_t cudaMemcpy2D(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                         std::size_t rows, cudaMemcpyKind kind) {
    return done(copy(to, to_pitch, from, from_pitch, width, rows, kind));
}

// down comes nothing before something synchronises
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t size, cudaMemcpyKind kind, cudaStream_t) {
    if (kind == cudaMemcpyHostToDevice) return cudaMemcpy(to, from, size, kind);
    if (const cudaError_t error = fault_of("copy"); error != cudaSuccess) return done(error);
    if (kind != cudaMemcpyDeviceToHost || !fits(from, to, size)) return done(cudaErrorInvalidValue);
    enqueue([=] { std::memcpy(to, behind(from), size); });
    return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
    ++counters().synchronizations;
    if (const cudaError_t error = fault_of("synchronize"); error != cudaSuccess) return done(error);
    return done(synchronize());
}

cudaError_t cudaGetLastError() { return std::exchange(last, failure()); }

const char* cudaGetErrorString(cudaError_t error) {
    static const std::map<cudaError_t, const char*> texts = {
        {cudaSuccess, "no error"},
        {cudaErrorInvalidValue, "invalid argument"},
        {cudaErrorMemoryAllocation, "out of memory"},
        {cudaErrorInvalidConfiguration, "invalid configuration argument"},
        {cudaErrorInvalidPitchValue, "invalid pitch argument"},
        {cudaErrorInvalidDevice, "invalid device ordinal"},
        {cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version"},
        {cudaErrorNoDevice, "no CUDA-capable device is detected"},
        {cudaErrorNoKernelImageForDevice, "no kernel image is available for execution on the device"},
        {cudaErrorIllegalAddress, "an illegal memory access was encountered"},
        {cudaErrorLaunchTimeout, "the launch timed out and was terminated"},
        {cudaErrorLaunchFailure, "unspecified launch failure"},
        {cudaErrorUnknown, "unknown error"}};
    return texts.at(error);
}

// of kernels

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void*) {
    *attributes = {};
    attributes->maxThreadsPerBlock = threads_of_block;
    return done(dials().code ? failure() : cudaErrorNoKernelImageForDevice);
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
    if (!dials().code) return done(cudaErrorNoKernelImageForDevice);
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 || std::size_t(value) > dials().shared)
        return done(cudaErrorInvalidValue);
    allow_shared(kernel, std::size_t(value));
    return done(failure());
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void*, int threads,
                                                                   std::size_t shared, unsigned) {
    const std::size_t bytes = shared + shared_of_processor, all = dials().shared + shared_of_processor;
    *blocks = int(std::min<std::size_t>(
        {std::size_t(threads_of_processor / threads), all / bytes, std::size_t(blocks_of_processor)}));
    return done(dials().code ? failure() : cudaErrorNoKernelImageForDevice);
}

// times: the stream does nothing beside

cudaError_t cudaEventCreate(cudaEvent_t* event) {
    *event = reinterpret_cast<cudaEvent_t>(new std::chrono::steady_clock::time_point);
    return done(failure());
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
    synchronize();
    delete reinterpret_cast<std::chrono::steady_clock::time_point*>(event);
    return done(failure());
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
    enqueue(
        [=] { *reinterpret_cast<std::chrono::steady_clock::time_point*>(event) = std::chrono::steady_clock::now(); });
    return done(failure());
}
cudaError_t cudaEventSynchronize(cudaEvent_t) { return done(synchronize()); }
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end) {
    const auto at = [](cudaEvent_t e) { return *reinterpret_cast<std::chrono::steady_clock::time_point*>(e); };
    *ms = std::chrono::duration<float, std::milli>(at(end) - at(start)).count();
    return done(failure());
}

}  // extern "C"
