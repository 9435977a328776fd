// From the settings a person gave to the plain values the backend takes.
#pragma once

#include <cstdint>
#include <vector>

#include "lnn/backend.hpp"
#include "settings/catalog.hpp"
#include "settings/config.hpp"

namespace lnn {

SystemSpec system_spec(const Config&);  // Exit::usage where there is no true system
const SystemInfo& system_info(const SystemSpec&);
bool has_system(const Config&);            // equations to compare with
SystemInfo coordinates_of(const Config&);  // of the system, or of the file
ModelSpec model_spec(const Config&);
SolveSpec solve_spec(const Config&);
Precision precision_of(const std::string& word);  // "f32", "f64"; Exit::backend for what no backend offers

// ranges of `data.angle`, `data.position`, `data.velocity`, row by row
Draw draw_of(const Config&, const SystemInfo&, std::uint64_t seed);

// steps that count as an epoch where a setting is given in epochs: samples / batch, or steps / 100
std::int64_t steps_per_epoch(const Config&, std::int64_t samples);
// of J^T J and its factor, in float64
inline double lm_bytes(std::size_t parameters) { return 16.0 * double(parameters) * double(parameters); }
std::int64_t adam_steps(const Config&, std::int64_t samples);
std::int64_t total_steps(const Config&, std::int64_t samples);                         // with the iterations of lm
std::int64_t lm_samples(const Config&, std::int64_t samples, std::int64_t iteration);  // of its batch
bool is_lm(const Config&);
bool weights_in_f64(const Config&);  // as files hold them
AdamSpec adam_spec(const Config&, std::int64_t samples);
std::vector<std::uint64_t> seeds_of(const Config&);  // of the models of a run: seed, seed + 1, ...
LossSpec loss_spec(const Config&);

// instants eval.dt apart, as eval.integrator has it
Integration integration_over(const Config&, double seconds);

// RK4 steps between two instants `gap` apart, none longer than dt
int substeps(double gap, double dt);

}  // namespace lnn
