// Paths of models against those of the truth: one trajectory a thread, always in float64.
#include "cuda/launch.cuh"
#include "cuda/launchers.hpp"
#include "cuda/threads.cuh"
#include "many.hpp"

namespace lnn::cuda {
namespace {

__global__ void __launch_bounds__(grid_threads, 1)
    start_scores_kernel(const __grid_constant__ StartJob job, int models) {
    start_many(ThreadGrid(), job, models);
}

__global__ void __launch_bounds__(grid_threads, 1) compare_kernel(const __grid_constant__ CompareJob job, int models) {
    compare_many(ThreadGrid(), job, models);
}

__global__ void __launch_bounds__(grid_threads, 1) finish_kernel(const __grid_constant__ FinishJob job, int models) {
    finish_many(ThreadGrid(), job, models);
}

}  // namespace

void start_scores(const Card& card, const StartJob& job, int models) {
    const SampleGrid<double> grid(card, start_scores_kernel, models * job.samples, 0);
    launch(start_scores_kernel, grid.shape(), job, models);
}

void compare(const Card& card, const CompareJob& job, int models) {
    const SampleGrid<double> grid(card, compare_kernel, models * job.samples, 0);
    launch(compare_kernel, grid.shape(), job, models);
}

void finish(const Card& card, const FinishJob& job, int models) {
    const SampleGrid<double> grid(card, finish_kernel, models * job.samples, 0);
    launch(finish_kernel, grid.shape(), job, models);
}

}  // namespace lnn::cuda
