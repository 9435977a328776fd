// Every setting of a run, with its default: what config.toml holds and what `--set key=value` changes.
// The dotted key of a setting is its path here (train.lr is config.train.lr); schema.cpp documents it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lnn {

// Bounds of settings, beyond which no machine has an answer in a lifetime. Products of those that meet stay integers of
// 64 bits.
inline constexpr int most_seeds = 65536;
inline constexpr int most_trajectories = 100'000'000;
inline constexpr int most_repeats = 10'000;
inline constexpr std::int64_t most_samples = INT32_MAX;  // an order of them holds 32 bits each
inline constexpr int most_rungs = 16;
inline constexpr std::int64_t most_shards = 1'000'000;

struct Config {
    struct Run {
        std::uint64_t seed = 0;         // keys every random stream of the run
        int seeds = 1;                  // models trained side by side, with seeds seed, seed + 1, ...
        std::string backend = "auto";   // auto | cpu | cuda
        std::string device = "0";       // CUDA device, by number
        int threads = 0;                // CPU threads; 0: all cores
        std::string isa = "auto";       // CPU instruction set: auto | avx512 | avx2 | portable
        std::string precision = "f32";  // of the network: f32 | f64
        std::string state = "f64";      // of an integration: f32 | f64
    } run;

    struct System {
        std::string kind = "double_pendulum";  // "text": as below; "none": no equations, the coordinates of a file
        std::string lagrangian;                // of "text"
        std::vector<std::string> coordinates;  // their names
        std::vector<std::string> angles;       // those that are angles
        // as named by the system (m, l, g, ...); absent: its default
        std::map<std::string, std::vector<double>> parameters;
    } system;

    struct Model {
        std::string kind = "lnn";
        std::vector<int> hidden = {64, 64, 64};
        std::string inputs = "sincos";  // raw | sincos (coordinates that are angles enter as cos q, sin q)
        double velocity_scale = 5.0;    // 0: half the largest velocity of a file
        std::string init = "auto";      // a rule of the model; auto: its own
        double mass_prior = 0.0;        // c of a base term 1/2 c |v|^2
        std::string damping = "none";   // none | linear
    } model;

    struct Data {
        std::string source = "box";  // box | trajectories | file:PATH
        int trajectories = 512;
        int points = 4;                        // recorded instants of a trajectory, from 0 to t_end inclusive
        double t_end = 1.0;                    // s
        double dt = 0.01;                      // s, largest RK4 step of the generator
        std::string distribution = "uniform";  // of initial states: uniform (in the ranges below) | normal (about their
                                               // middle, half their width as deviation)
        std::vector<double> angle = {-1.5707963267948966, 1.5707963267948966};  // rad, range of angles
        std::vector<double> position = {0.5, 1.5};   // range of coordinates that are not angles
        std::vector<double> velocity = {-1.0, 1.0};  // range of every velocity
        std::string shuffle = "once";                // once | epoch
        double hold_out = 0.0;                       // files: share of their time that is kept from training
        std::string hold_out_at = "end";             // end | start: of that time
        int dof = 0;                                 // files without a system: coordinates; 0: as many as there are
        std::string angles = "auto";  // files without a system: auto | none | "q1,q2": coordinates that are angles

        static constexpr std::string_view file_prefix = "file:";
        bool is_file() const { return source.starts_with(file_prefix); }
        std::string file() const { return source.substr(file_prefix.size()); }  // of a source that is one
    } data;

    struct Train {
        std::string optimizer = "adam";  // adam | lm (after epochs or steps of Adam)
        int epochs = 0;                  // trajectories and files; exactly one of epochs and steps is positive
        std::int64_t steps = 0;
        int batch = 64;
        double lr = 1e-3;
        double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
        struct Schedule {
            std::string kind = "step";  // step | cosine
            int every = 10;             // step: epochs between decays (steps / 100 where there are no epochs)
            double gamma = 0.5;         // step: factor of a decay
            double warmup = 0.0;        // cosine: share of the steps in which lr rises from 0
            double floor = 0.0;         // cosine: share of lr left at the end
        } schedule;
        struct Lm {
            int iterations = 100;
            std::vector<int> samples = {1000, 8000};  // of the first and the last batch
            double delta = 1.0;                       // from about here on a residual counts linearly; 0: all squared
            double decay = 0.0;                       // of the weights; 0: none
            double damping = 1e-3;                    // mu of the first try
        } lm;
        std::string loss = "mse";      // mse | l1 | huber
        double delta = 1.0;            // huber: where it turns from square to linear
        std::string balance = "none";  // none | scale | large
        double clip = 0.0;             // largest norm of a gradient; 0: no clipping
        double ema = 0.0;              // decay of the average of the weights; 0: none
        std::string guard =
            "skip";  // skip: a step with a non-finite gradient is left out and counted | rollback | none
        double rollback_above = 100.0;  // rollback: a loss that rose so many times over its best is bad
        int checkpoint_every = 10;      // epochs (steps / 100 where there are no epochs)
        int keep = 3;                   // checkpoints kept besides the best
    } train;

    struct Solve {
        std::string pinv = "fused";  // fused | cusolver
        double rcond = 1e-15;
        double floor = 0.0;  // of the eigenvalues of M in modulus; 0: none
    } solve;

    struct Eval {
        int trajectories = 1000;
        int repeats = 4;
        double t_end = 1.0;              // s
        double dt = 0.01;                // s
        std::string integrator = "rk4";  // rk4 | dormand-prince
        double tolerance = 1e-9;         // of dormand-prince
        double film = 10.0;              // s, length of the trajectories that a report shows
        double diverged_above = 1e3;     // a coordinate further from the truth than this counts as diverged
        double valid_below = 0.1;        // a trajectory is valid until a coordinate is further than this from the truth
    } eval;

    struct Sweep {          // of lnn_gpu sweep; sweep/space.hpp has the grammar
        std::string grid;   // "KEY=a,b; KEY=a,b,c": every combination
        std::string space;  // "KEY=log(1e-5,1e-1); KEY=int(4,128)": what random points are drawn from
        int random = 0;     // how many of them
        int keep = 5;       // weights kept: of so many models, the best
        int halving = 1;    // rungs of successive halving; 1: every model is trained to the end
    } sweep;
};

}  // namespace lnn
