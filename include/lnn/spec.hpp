// Plain values that say what is computed: a physical system, a network, a precision, a solve.
// They cross the door (backend.hpp) and enter every kernel, so they hold no pointers and no code of weight.
#pragma once

#include <array>
#include <cstdint>

#include "lnn/program.hpp"

namespace lnn {

inline constexpr int max_dof = 32;        // degrees of freedom of a model
inline constexpr int max_system_dof = 8;  // and of a physical system
inline constexpr int max_depth = 8;       // hidden layers
inline constexpr int max_parameters = 8;  // scalars of a physical system

// a value for each component of an acceleration
using PerComponent = std::array<double, max_dof>;
constexpr PerComponent ones() {
    PerComponent x{};
    for (double& one : x) one = 1;
    return x;
}

enum class Precision { f32, f64 };

// a physical system of the list in systems/list.hpp, with its parameters in the order of its table; or one whose Lagrangian
// is a program, which holds its parameters
struct SystemSpec {
    int kind = 0;  // index into the list, or text_system
    int dof = 2;
    std::array<double, max_parameters> parameters{};
    Program program{};
};
inline constexpr int text_system = -1;

// a model of the list in models/list.hpp, over a network of phi(q, v)
struct ModelSpec {
    int kind = 0;  // index into the list
    int dof = 2;
    int depth = 2;                        // hidden layers
    std::array<int, max_depth> hidden{};  // their widths
    std::uint32_t angles = 0;             // bit i: coordinate i enters as (cos q_i, sin q_i), else as q_i
    double velocity_scale = 1.0;          // velocities enter divided by it
    double mass_prior = 0.0;              // Lagrangians: of a term 1/2 mass_prior |v|^2
    bool damping = false;                 // Lagrangians: generalised forces Q = -C C^T v, C (n, n) learned
};

enum class Pinv {
    fused,     // in the thread that has M
    cusolver,  // batched, for accelerations and roll-outs on a card
};

// M^+ drops eigenvalues up to rcond times the largest in modulus, and bends 1 / lambda back to 0 below the floor
struct SolveSpec {
    double rcond = 1e-15;
    double floor = 0.0;  // 0: none
    Pinv pinv = Pinv::fused;
};

enum class Balance {
    none,
    scale,  // each component divided by its standard deviation in the data
    large,  // root mean square of the components' losses: the worse one weighs more
};

struct LossSpec {
    int kind = 0;        // index into Losses (loss.hpp); 0: mse
    double delta = 1.0;  // huber: where it turns from square to linear
    Balance balance = Balance::none;
    PerComponent scale = ones();  // what a residual is divided by (Balance::scale)
};

// residuals of a least squares problem
struct RobustSpec {
    double delta = 0.0;  // from about here on a residual counts linearly, in units of a scaled one; 0: all squared
    PerComponent scale = ones();  // what the residual of a component is divided by
};

enum class ScheduleKind { step, cosine };

// learning rate as a function of the step
struct Schedule {
    ScheduleKind kind = ScheduleKind::step;
    double lr = 1e-3;
    std::int64_t every = 1;   // step: steps between decays
    double gamma = 0.5;       // step: factor of a decay
    std::int64_t total = 1;   // cosine: steps in all
    std::int64_t warmup = 0;  // cosine: steps in which the rate rises
    double floor = 0.0;       // cosine: share of lr left at the end
};

struct AdamSpec {
    Schedule schedule;
    double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
    double clip = 0.0;     // largest norm of a gradient; 0: none
    double ema = 0.0;      // decay of the average of the weights; 0: none
    bool skip_bad = true;  // leave out a step whose gradient, or its square, is not finite
};

}  // namespace lnn
