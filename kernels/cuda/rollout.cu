// Trajectories of networks: one a thread.
#include "cuda/launch.cuh"
#include "cuda/launchers.hpp"
#include "cuda/stretches.hpp"
#include "cuda/threads.cuh"
#include "dispatch.hpp"

namespace lnn::cuda {
namespace {

template <class S, class T, int N>
__global__ void __launch_bounds__(grid_threads, 1)
    rollout_kernel(const __grid_constant__ RolloutJob<T> job, const __grid_constant__ MlpShape shape, int models,
                   Stretch part, T* scratch) {
    rollout_many<S, T, N>(ThreadGrid(), job, shape, models, part, thread_scratch(scratch));
}

template <class S, class T, int N>
void rollout_in(const Card& card, const RolloutJob<T>& job, int models) {
    const MlpShape shape = lnn_shape(job.spec);
    const SampleGrid<T> grid(card, rollout_kernel<S, T, N>, models * job.samples, lnn_scratch<N, 0>(shape));
    in_stretches(job.integration.instants, [&](Stretch part) {
        launch(rollout_kernel<S, T, N>, grid.shape(), job, shape, models, part, grid.scratch());
    });
}

}  // namespace

template <class T>
void rollout(const Card& card, const RolloutJob<T>& job, bool state64, int models) {
    with_dof(job.spec.dof, [&]<int N>() {
        if (state64)
            rollout_in<double, T, N>(card, job, models);
        else
            rollout_in<float, T, N>(card, job, models);
    });
}
template void rollout(const Card&, const RolloutJob<float>&, bool, int);
template void rollout(const Card&, const RolloutJob<double>&, bool, int);

}  // namespace lnn::cuda
