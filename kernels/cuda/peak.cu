// Multiply-adds the card can do: chains in every thread of a full grid.
#include "peak.hpp"

#include <chrono>

#include "cuda/launch.cuh"
#include "cuda/launchers.hpp"

namespace lnn::cuda {
namespace {

template <class T>
__global__ void __launch_bounds__(256) peak_kernel(std::int64_t rounds, double* sink) {
    fma_chains<T>(rounds, sink + blockIdx.x * blockDim.x + threadIdx.x);
}

}  // namespace

template <class T>
double peak(const Card& card, double seconds) {
    const Shape shape{8 * card.multiprocessors, 256, 0};
    const DeviceBuffer<double> sink(shape.blocks * shape.threads);
    const auto run = [&](std::int64_t rounds) {
        const auto begin = std::chrono::steady_clock::now();
        launch(peak_kernel<T>, shape, rounds, sink.get());
        check(cudaDeviceSynchronize(), "measuring the peak");
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    run(1);
    double done = 0, taken = 0;
    for (std::int64_t rounds = 16; taken < seconds; rounds *= taken < 0.05 ? 4 : 1) {
        taken += run(rounds);
        done += double(sink.size()) * fma_chain_count * double(rounds);
    }
    return done / taken;
}
template double peak<float>(const Card&, double);
template double peak<double>(const Card&, double);

}  // namespace lnn::cuda
