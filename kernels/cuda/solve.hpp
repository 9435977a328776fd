// M a = f by cuSOLVER: batched singular value decompositions (gesvdjBatched) of matrices of up to 32 rows.
#pragma once

#include "cuda/device.hpp"
#include "jobs.hpp"

namespace lnn::cuda {

// y := M^+ y, as lnn/solve.hpp has it, for each of `count` symmetric matrices: mass (count, n, n), which is destroyed,
// y (count, n), all finite, on the card. Throws Exit::backend where cuSOLVER is missing.
template <class T>
void pseudo_inverses(const Card&, int n, std::int64_t count, const SolveSpec& solve, T* mass, T* y);

// Accelerations and roll-outs as the launchers of these names have them, with this solve. Every stage of a Runge-Kutta
// step is a few launches: made to check the fused solve, not to be fast.
template <class T>
void accelerate_separately(const Card&, const AccelerateJob<T>&, int models);
template <class T>
void rollout_separately(const Card&, const RolloutJob<T>&, bool state64, int models);

// bytes that either takes besides the job's own arrays, for each sample of each model
std::size_t separate_bytes(int dof);

}  // namespace lnn::cuda
