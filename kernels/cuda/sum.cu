// Reductions on the card, by Thrust.
#include <thrust/execution_policy.h>
#include <thrust/system_error.h>
#include <thrust/transform_reduce.h>

#include <new>

#include "cuda/launchers.hpp"
#include "score.hpp"

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
        const TimedWork timed;
        return thrust::transform_reduce(thrust::device, scores, scores + count, ToSums(), TrajectorySums(), Add());
    } catch (const std::bad_alloc&) {  // Thrust's way to say what `check` says of our own calls
        check(cudaErrorMemoryAllocation, "summing scores");
    } catch (const thrust::system_error& error) {
        check(cudaError_t(error.code().value()), "summing scores");
    }
    return {};
}

}  // namespace lnn::cuda
