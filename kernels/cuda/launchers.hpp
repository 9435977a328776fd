// The kernels as functions: each takes a job whose pointers are the card's. Some return while the work is still under
// way: copying a result from the card waits for it.
#pragma once

#include "block_memory.hpp"
#include "cuda/device.hpp"
#include "jobs.hpp"

namespace lnn::cuda {

// throws Exit::backend where this build has no code for the card
void require_code();

void draw(const Card&, const Draw&, Stream, int dof, std::int64_t first, std::int64_t count, double* states);

void accelerate(const Card&, const SystemAccelerateJob&);
void rollout(const Card&, const SystemRolloutJob&);

// `models` networks of one shape: weights (models, parameters), results (models, ...)
template <class T>
void accelerate(const Card&, const AccelerateJob<T>&, int models);
template <class T>
void rollout(const Card&, const RolloutJob<T>&, bool state64, int models);
// scores of `models` networks: how they begin, paths compared with the truth, instants further each time, and what they
// end in
void start_scores(const Card&, const StartJob&, int models);
void compare(const Card&, const CompareJob&, int models);
void finish(const Card&, const FinishJob&, int models);
// Sum of `count` scores on the card, in an order that is Thrust's own: the same on the same card, but the last bits may
// differ from another's.
TrajectorySums sum_scores(const TrajectoryScore* scores, std::int64_t count);

// how the memory of a training block lies on this card
template <class T>
BlockLayout train_layout(const Card&, const TrainShape&);
// models: (models), on the card; memory: (models, layout.global_bytes)
template <class T>
void train(const Card&, const TrainShape&, const BlockLayout&, int models, TrainModel<T>*, char* memory);

// how the memory of a block that computes gradients lies
template <class T>
BlockLayout gradient_layout(const Card&, const TrainShape&);
// memory: (models, count, layout.global_bytes)
template <class T>
void gradient(const Card&, const GradientJob<T>&, const BlockLayout&, char* memory);

// multiply-adds per second of the whole card
template <class T>
double peak(const Card&, double seconds);

}  // namespace lnn::cuda
