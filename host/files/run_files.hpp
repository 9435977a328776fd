// What lies in a run or a sweep, by its path there.
#pragma once

namespace lnn::run_files {

inline constexpr const char* config = "config.toml";
inline constexpr const char* record = "run.json";
inline constexpr const char* report = "report.html";
inline constexpr const char* figures = "figures";

// of a run
inline constexpr const char* data = "data";
inline constexpr const char* metrics = "metrics.csv";
inline constexpr const char* checkpoints = "checkpoints";
inline constexpr const char* model = "model.safetensors";  // the first that did not fail
inline constexpr const char* models = "models";            // by seed, where there are several; of a sweep too
inline constexpr const char* eval = "eval";
inline constexpr const char* summary = "eval/summary.json";
inline constexpr const char* scores = "eval/per_trajectory.csv";
inline constexpr const char* trajectories = "eval/trajectories.npy";
inline constexpr const char* measured = "eval/measured.json";
inline constexpr const char* rollouts = "eval/rollouts.csv";
inline constexpr const char* box = "eval/box.json";
inline constexpr const char* energy = "eval/energy.json";
inline constexpr const char* unfinished_eval = "eval/trajectories.partial";
inline constexpr const char* unfinished_command = "trajectories.partial";  // of lnn_gpu eval

// of a sweep
inline constexpr const char* pieces = "results";
inline constexpr const char* table = "table.csv";
inline constexpr const char* rows = "table.json";
inline constexpr const char* sweep_summary = "summary.json";
inline constexpr const char* timings = "timings.csv";

// All of it; only these are removed when a run or a sweep is started anew. The record is the last, so that what a killed
// process has left of the others is still known for a run's.
inline constexpr const char* all[] = {checkpoints, data,    eval,          figures, models,
                                      model,       metrics, report,        config,  pieces,
                                      table,       rows,    sweep_summary, timings, unfinished_command,
                                      record};

}  // namespace lnn::run_files
