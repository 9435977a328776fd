// Kernels of the truth, always in float64.
#include "cuda/launch.cuh"
#include "cuda/launchers.hpp"
#include "cuda/stretches.hpp"
#include "cuda/threads.cuh"

namespace lnn::cuda {
namespace {

__global__ void __launch_bounds__(grid_threads, 1)
    draw_kernel(const __grid_constant__ Draw draw, Stream stream, int dof, std::int64_t first, std::int64_t count,
                double* states) {
    draw_many(ThreadGrid(), draw, stream, dof, first, count, states);
}

template <class System>
__global__ void __launch_bounds__(grid_threads, 1)
    accelerate_system_kernel(const __grid_constant__ SystemAccelerateJob job) {
    accelerate_many<System>(ThreadGrid(), job);
}

template <class System>
__global__ void __launch_bounds__(grid_threads, 1)
    rollout_system_kernel(const __grid_constant__ SystemRolloutJob job, Stretch stretch) {
    rollout_many<System>(ThreadGrid(), job, stretch);
}

}  // namespace

void require_code() {
    cudaFuncAttributes attributes;
    check(cudaFuncGetAttributes(&attributes, draw_kernel), "looking for its code");
}

void draw(const Card& card, const Draw& draw, Stream stream, int dof, std::int64_t first, std::int64_t count,
          double* states) {
    const SampleGrid<double> grid(card, draw_kernel, count, 0);
    launch(draw_kernel, grid.shape(), draw, stream, dof, first, count, states);
}

void accelerate(const Card& card, const SystemAccelerateJob& job) {
    with_system(job.system, [&]<class System>() {
        const SampleGrid<double> grid(card, accelerate_system_kernel<System>, job.samples, 0);
        launch(accelerate_system_kernel<System>, grid.shape(), job);
    });
}

void rollout(const Card& card, const SystemRolloutJob& job) {
    with_system(job.system, [&]<class System>() {
        const SampleGrid<double> grid(card, rollout_system_kernel<System>, job.samples, 0);
        in_stretches(job.integration.instants,
                     [&](Stretch stretch) { launch(rollout_system_kernel<System>, grid.shape(), job, stretch); });
    });
}

}  // namespace lnn::cuda
