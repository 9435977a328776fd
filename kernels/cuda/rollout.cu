// Trajectories of networks: one a thread.
#include "cuda/launch.cuh"
#include "cuda/launchers.hpp"
#include "cuda/stretches.hpp"
#include "cuda/threads.cuh"

namespace lnn::cuda {
namespace {

template <class Model, int N, class S, class T>
__global__ void __launch_bounds__(grid_threads, 1)
    rollout_kernel(const __grid_constant__ RolloutJob<T> job, const __grid_constant__ MlpShape shape, int models,
                   Stretch stretch, T* scratch) {
    rollout_many<Model, N, S>(ThreadGrid(), job, shape, models, stretch, thread_scratch(scratch));
}

template <class Model, int N, class S, class T>
void rollout_in(const Card& card, const RolloutJob<T>& job, int models) {
    const MlpShape shape = Model::shape(job.spec);
    const SampleGrid<T> grid(card, rollout_kernel<Model, N, S, T>, models * job.samples,
                             ThreadPass<Model, N, T>::scratch(shape, job.spec.dof));
    in_stretches(job.integration.instants, [&](Stretch stretch) {
        launch(rollout_kernel<Model, N, S, T>, grid.shape(), job, shape, models, stretch, grid.scratch());
    });
}

}  // namespace

template <class T>
void rollout(const Card& card, const RolloutJob<T>& job, bool state64, int models) {
    with_model(job.spec, [&]<class Model, int N>() {
        if (state64)
            rollout_in<Model, N, double>(card, job, models);
        else
            rollout_in<Model, N, float>(card, job, models);
    });
}
template void rollout(const Card&, const RolloutJob<float>&, bool, int);
template void rollout(const Card&, const RolloutJob<double>&, bool, int);

}  // namespace lnn::cuda
