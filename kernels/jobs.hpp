// What a kernel is asked to do, as plain structs of pointers: the same for CPU lanes and CUDA threads.
// Shapes stand beside each pointer, samples fastest.
#pragma once

#include <cstdint>

#include "lnn/backend.hpp"
#include "lnn/runge_kutta.hpp"

namespace lnn {

// a trajectory's score on the way (score.hpp)
struct ScoreState {
    double begin;                                              // true energy of the start
    double squares[max_system_dof], valid, twin_valid, apart;  // apart: squared distance of the twin at twin_valid
    // still closer than valid_below, model and twin; never further than diverged_above, always finite
    bool within, twin_within, good;
};

// accelerations of the truth, or the forces that given ones need
struct SystemAccelerateJob {
    SystemSpec system;
    std::int64_t samples;
    const double* states;            // (2n, samples)
    double* accelerations;           // (n, samples)
    double* energies;                // (samples) or null
    const double* inputs = nullptr;  // (n, samples) forces from outside, or null
    const double* given = nullptr;   // (n, samples) or null: M a - f of these goes where else the accelerations go
};

// the same of one network on CPU lanes, of several on a card; parameters are of type T
template <class T>
struct AccelerateJob {
    ModelSpec spec;
    SolveSpec solve;
    std::int64_t samples;
    const T* weights;                // (parameters); of several models (models, parameters)
    const double* states;            // (2n, samples), which all models share
    double* accelerations;           // (n, samples); of several (models, n, samples)
    double* energies;                // (samples) or null; of several (models, samples)
    double* lagrangians;             // as the energies
    const double* inputs = nullptr;  // (n, samples), which all models share, or null
    const double* given = nullptr;   // as the inputs; as above
};

// trajectories of the truth
struct SystemRolloutJob {
    SystemSpec system;
    Integration integration;
    ButcherTable table;
    std::int64_t samples;
    const double* initial;    // (2n, samples)
    double* out;              // (instants + 1, 2n, samples)
    double* steps = nullptr;  // (samples) what an adaptive method remembers for the next stretch, or null
};

// trajectories of one network on CPU lanes, of several on a card
template <class T>
struct RolloutJob {
    ModelSpec spec;
    SolveSpec solve;
    Integration integration;
    ButcherTable table;
    std::int64_t samples;
    const T* weights;         // (parameters); of several models (models, parameters)
    const double* initial;    // (2n, samples)
    double* out;              // (instants + 1, 2n, samples); of several models (models, instants + 1, 2n, samples)
    double* steps = nullptr;  // as above
    // of several models: how many numbers the start of one lies behind that of the one before; 0 where all share it
    std::int64_t model_initial = 0;
};

// the start of the scores of some trajectories of some models
struct StartJob {
    int dof;
    std::int64_t samples;
    const double* start;     // (2n, samples)
    const double* energies;  // (samples), true ones
    double* pair;            // (2n, 2 samples): the truth, then its twin
    ScoreState* states;      // (models, samples)
};

// the paths of such trajectories compared over a stretch of instants: all arrays begin at instant `from`
struct CompareJob {
    EvaluateJob job;
    std::int64_t samples;
    std::int64_t from, to;
    const double* truth;  // (instants + 1, 2n, 2 samples): the truth, then its twin
    const double* model;  // (models, instants + 1, 2n, samples)
    ScoreState* states;   // (models, samples)
    // the states that they have reached: (2n, 2 samples) as in StartJob, (2n, samples) and (models, 2n, samples)
    double *pair, *truth_reached, *model_reached;
};

// the scores that such trajectories end in
struct FinishJob {
    EvaluateJob job;
    std::int64_t samples;
    const double* true_energies;   // (samples)
    const double* model_energies;  // (models, samples)
    const ScoreState* states;      // (models, samples)
    TrajectoryScore* scores;       // (models, samples)
};

// the integrator of a run
inline const ButcherTable& table_of(const Integration& run) { return integrators[run.integrator].table; }

// a batch whose gradient is wanted
struct Batch {
    std::int64_t samples;       // in the set
    const double* states;       // (2n, samples)
    const double* targets;      // (n, samples)
    const std::int32_t* order;  // (size) samples of the batch, or null: from `offset` on
    std::int64_t offset;
    int size;
};

// how far a model has come
struct TrainProgress {
    std::int64_t applied = 0, failed = -1;  // as in TrainState
    std::int64_t skipped = 0;               // steps of this slice left out
};

// one model in training: everything it owns
template <class T>
struct TrainModel {
    AdamSpec adam;
    TrainProgress progress;
    const double* states;                              // (2n, samples)
    const double* targets;                             // (n, samples)
    const std::int32_t* order;                         // (steps, batch) or null
    T *weights, *first, *second, *average, *gradient;  // (parameters) each
    T* partial;                                        // (chunks at a time, parameters)
    double* norms;                                     // (parameter blocks)
    double* chunk_loss;                                // (chunks at a time)
    std::int64_t* counts;      // (chunks at a time, condition_bins + 1): condition histogram, then truncated samples
    double *loss, *grad_norm;  // (steps)
};

struct TrainShape {
    ModelSpec spec;
    SolveSpec solve;
    LossSpec loss;
    int batch;
    std::int64_t samples;       // of a model's set
    std::int64_t first, count;  // steps
    bool ranges = false;        // opened for a profiler
};

// gradients of chunks first .. first + count - 1 of one batch, the same for each of some models
template <class T>
struct GradientJob {
    TrainShape shape;
    Batch batch;
    int models, first, count;
    const T* weights;      // (models, parameters)
    T* partial;            // (models, count, parameters)
    double* loss;          // (models, count)
    double* gradient;      // (models, parameters), to which the chunks are added
    std::int64_t* counts;  // (models, count, condition_bins + 1), added to
};

// normal equations of one model; everything but `rows` is in float64
template <class T>
struct EquationsJob {
    ModelSpec spec;
    SolveSpec solve;
    RobustSpec robust;
    std::int64_t samples;
    const T* weights;        // (parameters)
    const double* states;    // (2n, samples)
    const double* targets;   // (n, samples)
    T* rows;                 // (parameters, a chunk's rows of the Jacobian), then their residuals
    double *matrix, *right;  // (parameters, parameters), (parameters)
    std::int64_t* left_out;  // (threads of the team)
};

// rows of the Jacobian, with their residuals, the same samples of each of some models apart
template <class T>
struct JacobianJob {
    ModelSpec spec;
    SolveSpec solve;
    RobustSpec robust;
    std::int64_t samples;    // of a model
    const T* weights;        // (models, parameters)
    const double* states;    // (models, 2n, samples)
    const double* targets;   // (models, n, samples)
    T* rows;                 // (models, parameters, samples, n): row n s + k is that of residual k of sample s
    T* residuals;            // (models, samples, n)
    std::uint8_t* left_out;  // (models, samples)
};

// a damped step of one model
struct StepJob {
    int parameters;
    double damping;
    const double *matrix, *right;  // (parameters, parameters), (parameters)
    double* factor;                // memory of lanes_cholesky
    double* step;                  // (parameters)
    bool* solved;
};

// threads that work on one model together; wait() is their barrier
struct Team {
    int index = 0, size = 1;
    void (*wait)(void*) = nullptr;
    void* barrier = nullptr;
    void sync() const {
        if (wait) wait(barrier);
    }
};

inline constexpr int chunk_samples = 32;       // a batch's gradient is summed by chunks of so many samples
inline constexpr int block_parameters = 1024;  // and its norm by blocks of so many parameters

inline namespace LNN_ISA {

template <class Count>
LNN_HD Count chunks_of(Count samples) {
    return (samples + chunk_samples - 1) / chunk_samples;
}
LNN_HD int norm_blocks(int parameters) { return (parameters + block_parameters - 1) / block_parameters; }

// samples of chunk number `chunk` of a batch
LNN_HD int chunk_size(const Batch& batch, int chunk) {
    const int rest = batch.size - chunk * chunk_samples;
    return rest < chunk_samples ? rest : chunk_samples;
}
// place in the set of sample i of the chunk that begins with the batch's sample `begin`
LNN_HD std::int64_t sample_of(const Batch& batch, int begin, int i) {
    return batch.order ? batch.order[begin + i] : batch.offset + begin + i;
}

// the batch of step k of a slice
template <class T>
LNN_HD Batch batch_of(const TrainShape& job, const TrainModel<T>& m, std::int64_t k) {
    return {job.samples, m.states, m.targets, m.order ? m.order + k * job.batch : nullptr, k * job.batch, job.batch};
}

}  // namespace LNN_ISA

}  // namespace lnn
