// The one place where kernels are launched: grid, limits, error check.
#pragma once

#include <algorithm>

#include "cuda/device.hpp"

namespace lnn::cuda {

struct Shape {
    int blocks = 1, threads = 1;
    std::size_t shared = 0;  // bytes of a block
};

// lets a kernel have more than 48 KiB on chip
template <class... P>
void allow_shared(void (*kernel)(P...), std::size_t bytes) {
    check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                               int(bytes)),
          "setting a kernel's shared memory");
}

template <class... P, class... A>
void launch(void (*kernel)(P...), const Shape& shape, const A&... arguments) {
    if (shape.blocks == 0) return;
    if (shape.shared > 48 << 10) allow_shared(kernel, shape.shared);
    const TimedWork timed;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(shape.blocks);
    config.blockDim = dim3(shape.threads);
    config.dynamicSmemBytes = shape.shared;
    check(cudaLaunchKernelEx(&config, kernel, arguments...), "starting a kernel");
}

inline constexpr int grid_threads = 128;  // of a block whose threads work alone; bounds their registers

// one thread a sample, with `scratch` words of T each: on chip where two warps or more find room there
template <class T>
class SampleGrid {
  public:
    template <class... P>
    SampleGrid(const Card& card, void (*kernel)(P...), std::int64_t items, int scratch) {
        const std::size_t bytes = scratch * sizeof(T);
        const int on_chip =
            bytes == 0 ? grid_threads : int(std::min<std::size_t>(grid_threads, card.shared_limit / bytes / 32 * 32));
        const bool chip = on_chip >= 64;
        shape_.threads = chip ? on_chip : grid_threads;
        shape_.shared = chip ? bytes * shape_.threads : 0;
        if (shape_.shared > 48 << 10) allow_shared(kernel, shape_.shared);
        int resident = 0;
        check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, kernel, shape_.threads, shape_.shared),
              "asking for the size of a grid");
        const std::int64_t wanted = (items + shape_.threads - 1) / shape_.threads;
        std::int64_t most = std::int64_t(std::max(resident, 1)) * card.multiprocessors;
        if (!chip) most = std::clamp<std::int64_t>(free_memory() / 2 / (bytes * shape_.threads), 1, most);
        shape_.blocks = int(std::min(wanted, most));
        if (!chip) global_ = DeviceBuffer<T>(std::size_t(scratch) * shape_.blocks * shape_.threads);
    }
    const Shape& shape() const { return shape_; }
    T* scratch() const { return global_.get(); }

  private:
    Shape shape_;
    DeviceBuffer<T> global_;
};

}  // namespace lnn::cuda
