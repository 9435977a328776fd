// The one door between the host and whatever computes: CPU lanes or CUDA threads.
//
// Everything goes for M >= 1 models at once. Numbers cross it in float64; `precision` says in what the network is
// computed, `state` in what a trajectory is integrated. Arrays are dense, the last index fastest, samples last:
// states (2n, samples) holds q_1 .. q_n, v_1 .. v_n as rows. Spans are owned by the caller.
// Steps and trajectories are global indices that key the random streams, so that any split of a job into slices,
// shards or ranks gives the same numbers. Errors are exceptions (error.hpp); a backend never prints or opens files.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lnn/error.hpp"
#include "lnn/spec.hpp"

namespace lnn {

// M networks of one shape
struct Models {
    ModelSpec spec;
    int count = 1;
    std::span<const double> weights;  // (models, parameters)
};

// where initial states come from, per row of the state, keyed by (seed, index): evenly between low and high, or
// normally about their middle with half their distance as deviation
enum class Distribution { uniform, normal };
struct Draw {
    std::uint64_t seed = 0;
    std::array<double, 2 * max_dof> low{}, high{};  // rows q_1 .. q_n, v_1 .. v_n
    Distribution distribution = Distribution::uniform;
};

struct Integration {
    double dt = 0.01;             // s between two recorded instants
    int substeps = 1;             // steps of one length in each
    std::int64_t instants = 100;  // recorded instants after the start
    int integrator = 0;           // index into integrators (runge_kutta.hpp); 0: rk4
    double tolerance = 1e-9;      // adaptive ones: of each component of a step, relative to 1 + its size
};

// Adam's memory of M models, between slices
struct TrainState {
    std::span<double> weights, first, second, average;  // (models, parameters) each; average may be empty where
                                                        // there is no ema
    std::span<std::int64_t> applied;                    // (models) steps that changed the weights
    std::span<std::int64_t> failed;  // (models) step that was not finite, with which training ended, or -1
};

// samples to learn from; each model has its own set
struct TrainData {
    std::int64_t samples = 0;
    std::span<const double> states;       // (models, 2n, samples)
    std::span<const double> targets;      // (models, n, samples): the accelerations to learn
    std::span<const std::int32_t> order;  // (models, steps of the slice, batch); empty: in sequence
};

struct TrainJob {
    ModelSpec spec;
    int models = 1;
    int batch = 1;
    Precision precision = Precision::f32;
    SolveSpec solve;
    LossSpec loss;
    std::span<const AdamSpec> adam;  // (models)
};

inline constexpr int condition_bins = 64;  // bin b counts samples with cond(M) in [2^b, 2^(b+1)); the last, all above

// what a slice of training reports
struct TrainReport {
    std::vector<double> loss, grad_norm;  // (models, steps)
    std::vector<std::int64_t> skipped;    // (models) steps left out
    std::vector<std::int64_t> truncated;  // (models) samples whose M was rank-deficient or below the floor
    std::vector<std::int64_t> condition;  // (models, condition_bins)
    double seconds = 0;                   // that the steps took, without what comes before and after them
};

// Least squares of M models linearised: means over the residuals (n of each sample) of products of the rows of the
// Jacobian with each other and with the residuals, each row and residual times its weight (robust.hpp)
struct NormalEquations {
    std::span<double> matrix;          // (models, parameters, parameters), the lower triangle: J^T J
    std::span<double> right;           // (models, parameters): J^T r
    std::span<std::int64_t> left_out;  // (models) samples without a derivative: M rank-deficient, below the
                                       // floor, or not finite
};

inline constexpr double damping_floor = 1e-6;  // what D is at least, of the largest diagonal element of J^T J

inline constexpr double twin_offset = 1e-6;  // rad or m

// one row of a trajectory evaluation
struct TrajectoryScore {
    std::array<double, max_system_dof>
        mse{};                // mean over the instants of the squared error of each unwrapped coordinate
    double energy_error = 0;  // |E(model) - E(truth)| at the last instant, E the true energy
    double energy_drift = 0;  // |E(truth) - E(start)| there: the integrator's own error
    double valid_time = 0;    // s until a coordinate is further than valid_below from the truth
    // the floor that chaos sets: the truth against its twin, which starts twin_offset off in the first coordinate
    double twin_valid_time = 0;  // s until a coordinate of the twin is further than valid_below from the truth
    double lyapunov = 0;         // 1/s, at which their distance (of states) grew until then
    bool diverged = false;       // non-finite, or further than diverged_above
};

// many rows in one
struct TrajectorySums {
    std::int64_t trajectories = 0, diverged = 0;
    TrajectoryScore sum;  // over those that have not diverged
};

struct EvaluateJob {
    SystemSpec system;
    Draw draw;
    Integration integration;
    Precision precision = Precision::f32;
    Precision state = Precision::f64;
    SolveSpec solve;
    double diverged_above = 1e3;
    double valid_below = 0.1;
};

struct BackendInfo {
    std::string name;    // "cpu", "cuda"
    std::string device;  // processor or card
    std::string isa;     // "avx512", "avx2", "portable"; "" on a card
    int threads = 1;
    std::string libraries;  // what of the libraries that some routes need is there; "" where none do
};

struct BackendOptions {
    int threads = 0;           // 0: all cores
    std::string isa = "auto";  // CPU instruction set: auto | avx512 | avx2 | portable
    int device = 0;            // CUDA device
    // told, on any thread, where the system starts fewer threads than a job asks for: it goes on with those, to the same
    // bits; null: nobody is
    void (*fewer_threads)(int missing, int wanted) = nullptr;
};

class Backend {
  public:
    virtual ~Backend() = default;
    virtual BackendInfo info() const = 0;
    // multiply-adds per second of one core (of the card), measured for about `seconds`: the bound of every speed
    virtual double peak(Precision, double seconds) = 0;
    // Seconds that a device of its own took for the work itself, copies apart, since the last question, which the first
    // only begins; 0 where the host does the work.
    virtual double device_seconds() { return 0; }

    // true accelerations and energies; states (2n, samples), accelerations (n, samples), energies (samples) or empty,
    // inputs (n, samples): forces that act from outside, or empty
    virtual void accelerate(const SystemSpec&, std::span<const double> states, std::span<double> accelerations,
                            std::span<double> energies, std::span<const double> inputs = {}) = 0;
    // learned ones: states (2n, samples) shared by the models; accelerations (models, n, samples), energies and
    // lagrangians (models, samples) or empty; inputs (n, samples), shared by the models too, or empty. An acceleration
    // may be non-finite; that is for the caller to judge.
    virtual void accelerate(const Models&, const SolveSpec&, Precision, std::span<const double> states,
                            std::span<double> accelerations, std::span<double> energies, std::span<double> lagrangians,
                            std::span<const double> inputs = {}) = 0;
    // forces from outside that given accelerations need, M a - f (inverse dynamics), true and learned ones: states
    // (2n, samples), accelerations (n, samples), forces (n, samples) and (models, n, samples). Models with a mass matrix.
    virtual void forces(const SystemSpec&, std::span<const double> states, std::span<const double> accelerations,
                        std::span<double> forces) = 0;
    virtual void forces(const Models&, Precision, std::span<const double> states, std::span<const double> accelerations,
                        std::span<double> forces) = 0;
    // loss and its gradient, averaged over the samples: targets (n, samples); losses (models), gradient (models,
    // parameters)
    virtual void gradient(const Models&, const SolveSpec&, const LossSpec&, Precision, std::span<const double> states,
                          std::span<const double> targets, std::span<double> losses, std::span<double> gradient) = 0;

    // states first .. first + count - 1 of the stream: states (2n, count)
    virtual void draw(const Draw&, int dof, std::int64_t first, std::int64_t count, std::span<double> states) = 0;
    // true trajectories, in float64, from initial (2n, samples), including the start: out (instants + 1, 2n, samples)
    virtual void rollout(const SystemSpec&, const Integration&, std::span<const double> initial,
                         std::span<double> out) = 0;
    // the same for each model: out (models, instants + 1, 2n, samples)
    virtual void rollout(const Models&, const SolveSpec&, const Integration&, Precision, Precision state,
                         std::span<const double> initial, std::span<double> out) = 0;

    // steps first .. first + count - 1 of each model
    virtual TrainReport train(const TrainJob&, const TrainData&, TrainState&, std::int64_t first,
                              std::int64_t count) = 0;
    // Normal equations of each model on samples of its own: states (models, 2n, samples), targets (models, n,
    // samples). `precision` is that of the rows; sums of more than a chunk of them are float64.
    virtual void normal_equations(const Models&, const SolveSpec&, const RobustSpec&, Precision,
                                  std::span<const double> states, std::span<const double> targets,
                                  NormalEquations&) = 0;
    // (J^T J + mu D) step = J^T r with D = diag(J^T J) + damping_floor max diag: damping (models) holds the mu; steps
    // (models, parameters). Returns for each model whether the matrix was positive definite and the step is finite.
    virtual std::vector<bool> damped_steps(const NormalEquations&, std::span<const double> damping,
                                           std::span<double> steps) = 0;
    // trajectories first .. first + scores.size() / models - 1 of the stream: scores (models, count)
    virtual void evaluate(const Models&, const EvaluateJob&, std::int64_t first, std::span<TrajectoryScore> scores) = 0;
    // trajectories first .. first + count - 1 summed where they are computed, for ensembles too large to look at one by
    // one: sums (models), added to
    virtual void evaluate(const Models&, const EvaluateJob&, std::int64_t first, std::int64_t count,
                          std::span<TrajectorySums> sums) = 0;
};

std::unique_ptr<Backend> make_cpu_backend(const BackendOptions&);
std::unique_ptr<Backend> make_cuda_backend(const BackendOptions&);  // throws Exit::backend where there is none

}  // namespace lnn
