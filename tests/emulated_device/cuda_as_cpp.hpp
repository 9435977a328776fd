// Comes before every source of kernels/cuda where the device is emulated: what nvcc adds to C++, in terms of the
// emulator. The sources themselves do not know.
#pragma once

#include <cuda_runtime.h>
#include <dlfcn.h>

#include <tuple>
#include <utility>

#include "device.hpp"

#define __launch_bounds__(...)

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
void __syncthreads();

// as nvcc has it, of a kernel with its type
template <class... P>
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, void (*kernel)(P...)) {
    return cudaFuncGetAttributes(attributes, reinterpret_cast<const void*>(kernel));
}

namespace emulated {

// arguments are taken by value when a kernel starts, as a device takes them
template <class... P, class... A>
cudaError_t launch(const cudaLaunchConfig_t* config, void (*kernel)(P...), A&&... arguments) {
    std::tuple<P...> own(std::forward<A>(arguments)...);
    const auto refuse = [](auto& argument) {
        __builtin_clear_padding(&argument);
        refuse_host_pointers(&argument, sizeof argument);
    };
    std::apply([&](auto&... each) { (refuse(each), ...); }, own);
    return start(reinterpret_cast<const void*>(kernel), *config, [kernel, own] { std::apply(kernel, own); });
}

// the stand-ins in place of cuBLAS and cuSOLVER; null where a dial says that they are missing
void* open_library(const char* name, int flags);

}  // namespace emulated

#define cudaLaunchKernelEx ::emulated::launch
#define dlopen ::emulated::open_library

// the device's side of what has two
#define __CUDA_ARCH__ 900
