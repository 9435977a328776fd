// CUDA threads as the bodies see them: a block (block.hpp), a whole grid (many.hpp), and a thread's scratch.
#pragma once

#include "lnn/lagrangian.hpp"
#include "strided.hpp"

namespace lnn::cuda {

struct ThreadBlock {
    template <class F>
    __host__ __device__ void for_each(int n, F&& f) const {
#ifdef __CUDA_ARCH__
        for (int i = threadIdx.x; i < n; i += blockDim.x) f(i);
        __syncthreads();
#endif
    }
    // a thread is a lane: its state is in its registers
    template <class State>
    struct Lane {
        State state;
        __host__ __device__ State& operator[](int) { return state; }
    };
    template <class State>
    __host__ __device__ Lane<State> lanes(int) const {
        return {};
    }
};

struct ThreadGrid {
    template <class F>
    __host__ __device__ void for_each(std::int64_t n, F&& f) const {
#ifdef __CUDA_ARCH__
        for (std::int64_t i = std::int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
             i += std::int64_t(gridDim.x) * blockDim.x)
            f(i);
#endif
    }
};

// dynamic shared memory of a block
__device__ inline char* shared_memory() {
    extern __shared__ double2 words_on_chip[];
    return reinterpret_cast<char*>(words_on_chip);
}

// a thread's own words: in `global`, interleaved over the grid; on chip, interleaved over the block, where it is null
template <class T>
__device__ Strided<T> thread_scratch(T* global) {
    if (global) return {global + blockIdx.x * blockDim.x + threadIdx.x, int(gridDim.x * blockDim.x)};
    return {reinterpret_cast<T*>(shared_memory()) + threadIdx.x, int(blockDim.x)};
}

// a pass of a sample by a thread alone
template <class Model, int N, class T, Tape tape = Tape::none>
using ThreadPass = typename Model::template Pass<T, N, tape, T, Strided<T>>;

}  // namespace lnn::cuda
