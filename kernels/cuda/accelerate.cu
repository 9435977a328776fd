// Accelerations, energies and Lagrangians of networks: one sample a thread.
#include "cuda/launch.cuh"
#include "cuda/launchers.hpp"
#include "cuda/threads.cuh"
#include "many.hpp"

namespace lnn::cuda {
namespace {

template <class Model, int N, class T>
__global__ void __launch_bounds__(grid_threads, 1)
    accelerate_kernel(const __grid_constant__ AccelerateJob<T> job, const __grid_constant__ MlpShape shape, int models,
                      T* scratch) {
    accelerate_many<Model, N>(ThreadGrid(), job, shape, models, thread_scratch(scratch));
}

}  // namespace

template <class T>
void accelerate(const Card& card, const AccelerateJob<T>& job, int models) {
    with_model(job.spec, [&]<class Model, int N>() {
        const MlpShape shape = Model::shape(job.spec);
        const SampleGrid<T> grid(card, accelerate_kernel<Model, N, T>, models * job.samples,
                                 ThreadPass<Model, N, T>::scratch(shape, job.spec.dof));
        launch(accelerate_kernel<Model, N, T>, grid.shape(), job, shape, models, grid.scratch());
        check(cudaDeviceSynchronize(), "computing accelerations");
    });
}
template void accelerate(const Card&, const AccelerateJob<float>&, int);
template void accelerate(const Card&, const AccelerateJob<double>&, int);

}  // namespace lnn::cuda
