// Reductions on the card, by Thrust.
#include <thrust/execution_policy.h>
#include <thrust/transform_reduce.h>

#include "cuda/launchers.hpp"
#include "rollout.hpp"

namespace lnn::cuda {
namespace {

struct ToSums {
    __host__ __device__ TrajectorySums operator()(const TrajectoryScore& score) const { return sums_of(score); }
};
struct Add {
    __host__ __device__ TrajectorySums operator()(const TrajectorySums& a, const TrajectorySums& b) const {
        return a + b;
    }
};

}  // namespace

TrajectorySums sum_scores(const TrajectoryScore* scores, std::int64_t count) {
    try {
        return thrust::transform_reduce(thrust::device, scores, scores + count, ToSums(), TrajectorySums(), Add());
    } catch (const std::exception& error) {  // of Thrust
        throw Error(Exit::backend, std::string("CUDA, summing scores: ") + error.what());
    }
}

}  // namespace lnn::cuda
