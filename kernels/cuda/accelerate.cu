// Accelerations, energies and Lagrangians of networks: one sample a thread.
#include "cuda/launch.cuh"
#include "cuda/launchers.hpp"
#include "cuda/threads.cuh"
#include "dispatch.hpp"
#include "many.hpp"

namespace lnn::cuda {
namespace {

template <class T, int N>
__global__ void __launch_bounds__(grid_threads, 1)
    accelerate_kernel(const __grid_constant__ AccelerateJob<T> job, const __grid_constant__ MlpShape shape, int models,
                      T* scratch) {
    accelerate_many<T, N>(ThreadGrid(), job, shape, models, thread_scratch(scratch));
}

}  // namespace

template <class T>
void accelerate(const Card& card, const AccelerateJob<T>& job, int models) {
    const MlpShape shape = lnn_shape(job.spec);
    with_dof(job.spec.dof, [&]<int N>() {
        const SampleGrid<T> grid(card, accelerate_kernel<T, N>, models * job.samples, lnn_scratch<N, 0>(shape));
        launch(accelerate_kernel<T, N>, grid.shape(), job, shape, models, grid.scratch());
        check(cudaDeviceSynchronize(), "computing accelerations");
    });
}
template void accelerate(const Card&, const AccelerateJob<float>&, int);
template void accelerate(const Card&, const AccelerateJob<double>&, int);

}  // namespace lnn::cuda
