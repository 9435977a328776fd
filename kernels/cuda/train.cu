// Training: one block a model, all steps of a slice in one launch. Gradients: one block a chunk.
#include "block_memory.hpp"
#include "cuda/launch.cuh"
#include "cuda/launchers.hpp"
#include "cuda/threads.cuh"
#include "many.hpp"

namespace lnn::cuda {
namespace {

// Sums over samples in the order of CPU lanes that are four wide: those of every instruction set for batches of up to
// four in float32.
constexpr int sum_lanes = 4;
constexpr int most_threads = 256;

template <class Model, int N, class T>
__global__ void __launch_bounds__(most_threads, 1)
    train_kernel(const __grid_constant__ TrainShape job, const __grid_constant__ MlpShape shape,
                 const __grid_constant__ BlockLayout layout, TrainModel<T>* models, char* memory) {
    block_train<sum_lanes, Model, N>(
        ThreadBlock(), job, shape, models[blockIdx.x],
        block_memory<T>(layout, shared_memory(), memory + blockIdx.x * layout.global_bytes));
}

template <class Model, int N, class T>
__global__ void __launch_bounds__(most_threads, 1)
    gradient_kernel(const __grid_constant__ GradientJob<T> job, const __grid_constant__ MlpShape shape,
                    const __grid_constant__ BlockLayout layout, char* memory) {
    gradient_block<sum_lanes, Model, N>(
        ThreadBlock(), job, shape,
        block_memory<T>(layout, shared_memory(), memory + blockIdx.x * layout.global_bytes).chunk, blockIdx.x);
}

template <class T>
__global__ void __launch_bounds__(grid_threads, 1)
    sum_kernel(int models, int chunks, int parameters, const T* partial, double* gradient) {
    sum_chunks(ThreadGrid(), models, chunks, parameters, partial, gradient);
}

// a thread for each group of the widest layer's units and each sample
Shape block_shape(const MlpShape& shape, int batch, int blocks, std::size_t shared) {
    const int samples = std::min(batch, chunk_samples);
    const int items = groups_of_units(shape.widest) * samples;
    return {blocks, std::clamp((items + 31) / 32 * 32, max_lanes, most_threads), shared};
}

}  // namespace

template <class T>
BlockLayout train_layout(const Card& card, const TrainShape& job) {
    BlockLayout layout;
    with_model(job.spec, [&]<class Model, int N>() {
        layout =
            block_layout(block_sizes<Model, N, T>(Model::shape(job.spec), job.spec.dof, job.batch), card.shared_limit);
    });
    return layout;
}
template BlockLayout train_layout<float>(const Card&, const TrainShape&);
template BlockLayout train_layout<double>(const Card&, const TrainShape&);

template <class T>
void train(const Card&, const TrainShape& job, const BlockLayout& layout, int models, TrainModel<T>* model,
           char* memory) {
    const MlpShape shape = model_shape(job.spec);
    with_model(job.spec, [&]<class Model, int N>() {
        launch(train_kernel<Model, N, T>, block_shape(shape, job.batch, models, layout.shared_bytes), job, shape,
               layout, model, memory);
        check(cudaDeviceSynchronize(), "training");
    });
}
template void train(const Card&, const TrainShape&, const BlockLayout&, int, TrainModel<float>*, char*);
template void train(const Card&, const TrainShape&, const BlockLayout&, int, TrainModel<double>*, char*);

template <class T>
BlockLayout gradient_layout(const Card& card, const TrainShape& job) {
    BlockLayout layout;
    with_model(job.spec, [&]<class Model, int N>() {
        const BlockSizes all = block_sizes<Model, N, T>(Model::shape(job.spec), job.spec.dof, job.batch);
        BlockSizes needed;
        for (const auto a : {BlockArray::bins, BlockArray::sample, BlockArray::pass, BlockArray::factors})
            needed.bytes[int(a)] = all.bytes[int(a)];
        layout = block_layout(needed, card.shared_limit);
    });
    return layout;
}
template BlockLayout gradient_layout<float>(const Card&, const TrainShape&);
template BlockLayout gradient_layout<double>(const Card&, const TrainShape&);

template <class T>
void gradient(const Card& card, const GradientJob<T>& job, const BlockLayout& layout, char* memory) {
    const MlpShape shape = model_shape(job.shape.spec);
    with_model(job.shape.spec, [&]<class Model, int N>() {
        launch(gradient_kernel<Model, N, T>,
               block_shape(shape, job.batch.size, job.models * job.count, layout.shared_bytes), job, shape, layout,
               memory);
        check(cudaDeviceSynchronize(), "computing gradients");
    });
    const SampleGrid<T> grid(card, sum_kernel<T>, std::int64_t(job.models) * shape.parameters, 0);
    launch(sum_kernel<T>, grid.shape(), job.models, job.count, shape.parameters, job.partial, job.gradient);
}
template void gradient(const Card&, const GradientJob<float>&, const BlockLayout&, char*);
template void gradient(const Card&, const GradientJob<double>&, const BlockLayout&, char*);

}  // namespace lnn::cuda
