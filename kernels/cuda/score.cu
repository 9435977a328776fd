// Trajectories of networks against the truth: one a thread.
#include "cuda/launch.cuh"
#include "cuda/launchers.hpp"
#include "cuda/stretches.hpp"
#include "cuda/threads.cuh"

namespace lnn::cuda {
namespace {

template <class System, class S, class T>
__global__ void __launch_bounds__(grid_threads, 1)
    score_kernel(const __grid_constant__ ScoreJob<T> job, const __grid_constant__ MlpShape shape, int models,
                 Stretch part, ScoreState<S, System::dof>* states, T* scratch) {
    score_many<System, S, T>(ThreadGrid(), job, shape, models, part, states, thread_scratch(scratch));
}

template <class System, class S, class T>
void score_in(const Card& card, const ScoreJob<T>& job, int models) {
    constexpr auto kernel = score_kernel<System, S, T>;
    const MlpShape shape = lnn_shape(job.spec);
    const SampleGrid<T> grid(card, kernel, models * job.count, lnn_scratch<System::dof, 0>(shape));
    const DeviceBuffer<ScoreState<S, System::dof>> states(models * job.count);
    in_stretches(job.job.integration.instants, [&](Stretch part) {
        launch(kernel, grid.shape(), job, shape, models, part, states.get(), grid.scratch());
    });
}

}  // namespace

std::size_t score_bytes(const EvaluateJob& job) {
    std::size_t bytes = 0;
    Systems::visit(job.system.kind, [&]<class System>() { bytes = sizeof(ScoreState<double, System::dof>); });
    return bytes;
}

template <class T>
void score(const Card& card, const ScoreJob<T>& job, int models) {
    Systems::visit(job.job.system.kind, [&]<class System>() {
        if (job.job.state == Precision::f64)
            score_in<System, double, T>(card, job, models);
        else
            score_in<System, float, T>(card, job, models);
    });
}
template void score(const Card&, const ScoreJob<float>&, int);
template void score(const Card&, const ScoreJob<double>&, int);

}  // namespace lnn::cuda
