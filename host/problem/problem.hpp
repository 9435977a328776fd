// A configuration as the plain values that the rooms above work with: its words are enums here, and what follows from
// several settings is said once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lnn/backend.hpp"
#include "settings/catalog.hpp"
#include "settings/config.hpp"

namespace lnn {

// what a network is computed in
struct Arithmetic {
    SolveSpec solve;
    Precision network = Precision::f32, state = Precision::f64;  // state: of an integration
};

// where samples come from
struct DataSpec {
    enum Source { box, trajectories, file } source = box;
    std::string path;                    // of the file
    std::int64_t count = 0, points = 0;  // trajectories: how many, and instants of each
    double t_end = 0, dt = 0;            // s
    Draw draw;                           // of states, whatever the seed
    bool reshuffled = false;             // a new order in every epoch
};

// how a network is trained; `samples`: how many a set has, 0 where they are drawn anew
struct TrainSpec {
    int epochs = 0;
    std::int64_t steps = 0;
    int batch = 0;
    AdamSpec adam;         // but for what its schedule counts in steps: adam_for()
    int decay_epochs = 0;  // between decays
    double warmup = 0;     // share of the steps
    LossSpec loss;         // without the scale of the accelerations
    std::optional<double> rollback_above;
    int checkpoint_epochs = 0, keep = 0;
    struct Lm {
        int iterations = 0;
        double first = 0, last = 0;  // samples of the first and the last batch
        double delta = 0, damping = 0, decay = 0;
    };
    std::optional<Lm> lm;  // after Adam

    // steps that count as an epoch where a setting is given in epochs: samples / batch, or steps / 100
    std::int64_t steps_per_epoch(std::int64_t samples) const;
    std::int64_t adam_steps(std::int64_t samples) const;
    std::int64_t total_steps(std::int64_t samples) const;                         // with the iterations of lm
    std::int64_t lm_samples(std::int64_t samples, std::int64_t iteration) const;  // of its batch
    AdamSpec adam_for(std::int64_t samples) const;
};

// how a network is judged
struct EvalSpec {
    std::int64_t trajectories = 0, repeats = 0;
    double t_end = 0, film = 0;  // s
    double diverged_above = 0, valid_below = 0;
    double dt = 0, tolerance = 0;
    int integrator = 0;  // as Integration has it

    Integration over(double seconds) const;  // instants dt apart
};

struct Problem {
    std::optional<SystemSpec> system;                       // true equations
    SystemInfo coordinates;                                 // of the system, or of the file
    std::map<std::string, std::vector<double>> parameters;  // of the system, by name
    ModelSpec model;
    int first_weights = 0;  // the rule, of those of the model
    Arithmetic arithmetic;
    std::uint64_t seed = 0;
    int models = 1;
    bool f64_weights = false;  // in files
    DataSpec data;
    TrainSpec train;
    EvalSpec eval;

    const SystemSpec& true_system() const;     // Exit::usage where there is none
    std::vector<std::uint64_t> seeds() const;  // of the models: seed, seed + 1, ...
};

// a parameter that each body has: NAME with a value for each, or NAME1, NAME2, ...; empty where the system has none
std::vector<double> of_each_body(const Problem&, const std::string& name);

// What a file is still to say (data.dof, data.angles, model.velocity_scale) is taken as the configuration has it.
Problem problem_of(const Config&);

// its parts, of which some need no other
SystemInfo coordinates_of(const Config&);  // of the system, or of the file
Arithmetic arithmetic_of(const Config&);
EvalSpec eval_spec(const Config&);
// ranges of `data.angle`, `data.position`, `data.velocity`, row by row
Draw draw_of(const Config&, const SystemInfo&);

inline Draw with_seed(Draw draw, std::uint64_t seed) {
    draw.seed = seed;
    return draw;
}

// bytes of J^T J and its factor, in float64
inline double lm_bytes(std::size_t parameters) { return 16.0 * double(parameters) * double(parameters); }

// RK4 steps between two instants `gap` apart, none longer than dt
int substeps(double gap, double dt);

}  // namespace lnn
