// The kernels as functions: each takes a job whose pointers are the card's and starts what does it. They return when the
// work is under way; copying a result from the card waits for it.
#pragma once

#include "block_memory.hpp"
#include "cuda/device.hpp"
#include "jobs.hpp"

namespace lnn::cuda {

void draw(const Card&, const Draw&, int dof, std::int64_t first, std::int64_t count, double* states);

void accelerate(const Card&, const SystemAccelerateJob&);
void rollout(const Card&, const SystemRolloutJob&);

// `models` networks of one shape: weights (models, parameters), results (models, ...)
template <class T>
void accelerate(const Card&, const AccelerateJob<T>&, int models);
template <class T>
void rollout(const Card&, const RolloutJob<T>&, bool state64, int models);
template <class T>
void score(const Card&, const ScoreJob<T>&, int models);
// sums of `count` scores on the card, each added in an order that depends on `count` alone
TrajectorySums sum_scores(const TrajectoryScore* scores, std::int64_t count);
// bytes a trajectory of a score needs between two launches
std::size_t score_bytes(const EvaluateJob&);

// how the memory of a training block lies on this card
template <class T>
BlockLayout train_layout(const Card&, const TrainShape&);
// models: (models), on the card; memory: (models, layout.global_bytes)
template <class T>
void train(const Card&, const TrainShape&, const BlockLayout&, int models, TrainModel<T>*, char* memory);

// one batch, the same for each model; arrays of the chunks first .. first + count - 1
template <class T>
struct GradientJob {
    TrainShape shape;
    Batch batch;
    int models, first, count;
    const T* weights;      // (models, parameters)
    T* partial;            // (models, count, parameters)
    double* loss;          // (models, count)
    double* gradient;      // (models, parameters), added to
    std::int64_t* counts;  // (models, count, condition_bins + 1)
};
template <class T>
void gradient(const Card&, const GradientJob<T>&);

// multiply-adds per second of the whole card
template <class T>
double peak(const Card&, double seconds);

}  // namespace lnn::cuda
