// The CPU lanes of one instruction set and one precision, as a table of functions: lanes.cpp is compiled once for
// each pair, and backend.cpp picks a table at run time. A function works on one piece of a job, single-threaded;
// `scratch` is 64-byte aligned memory of its caller, one piece a thread.
#pragma once

#include <cstddef>

#include "jobs.hpp"
#include "lnn/random.hpp"

namespace lnn {

template <class T>
struct LaneKernels {
    int width;  // samples in a pack: a piece begins at a multiple of it

    std::size_t (*scratch_bytes)(const ModelSpec&);
    void (*accelerate)(const AccelerateJob<T>&, std::int64_t first, std::int64_t count, void* scratch);
    void (*rollout)(const RolloutJob<T>&, bool state64, std::int64_t first, std::int64_t count, void* scratch);

    std::size_t (*train_scratch_bytes)(const ModelSpec&);
    // one chunk of a batch: partial (parameters), loss (1), counts (condition_bins + 1, added to)
    void (*gradient)(const TrainShape&, const Batch&, int chunk, const T* weights, T* partial, double* loss,
                     std::int64_t* counts, void* scratch);
    // all steps of a slice, for one model, together with the rest of the team
    void (*train)(const TrainShape&, TrainModel<T>&, const Team&, void* scratch);

    // multiply-adds done in `rounds` of independent chains; see peak.hpp
    double (*fma_chains)(std::int64_t rounds, double* sink);
};

struct SystemLaneKernels {
    int width;
    void (*accelerate)(const SystemAccelerateJob&, std::int64_t first, std::int64_t count);
    void (*rollout)(const SystemRolloutJob&, std::int64_t first, std::int64_t count);
    // state `first + sample` of the stream into column `sample` of states (2n, samples)
    void (*draw)(const Draw&, Stream, int dof, std::int64_t first, std::int64_t samples, std::int64_t sample,
                 double* states);
    void (*start)(const StartJob&, int models);
    void (*compare)(const CompareJob&, int models);
    void (*finish)(const FinishJob&, int models);
};

template <class T>
struct EquationLanes {
    std::size_t (*scratch_bytes)(const ModelSpec&);
    std::size_t (*rows_bytes)(const ModelSpec&);  // of EquationsJob::rows, 64-byte aligned
    // the normal equations of one model, together with the rest of the team
    void (*normal_equations)(const EquationsJob<T>&, const Team&, void* scratch);
};

struct CholeskyLanes {
    std::size_t (*bytes)(int parameters, int threads);  // of StepJob::factor, 64-byte aligned
    // the damped step of one model, together with the rest of the team
    void (*damped_step)(const StepJob&, const Team&);
};

// one instruction set
struct Lanes {
    const char* name;
    const LaneKernels<float>* f32;
    const LaneKernels<double>* f64;
    const SystemLaneKernels* systems;
    const EquationLanes<float>* equations_f32;
    const EquationLanes<double>* equations_f64;
    const CholeskyLanes* cholesky;
};

}  // namespace lnn
