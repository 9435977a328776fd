#include "commands/commands.hpp"

namespace lnn {

static constexpr Command table[] = {
    {"run", "generates data, trains, evaluates and reports: the main job", run_command},
    {"data", "generates samples, imports your own, or says what a file holds", data_command},
    {"train", "trains alone, or goes on with a run that was stopped", train_command},
    {"eval", "says how good a model is, by random trajectories or a published protocol", eval_command},
    {"rollout", "integrates trajectories of a model or of a physical system", rollout_command},
    {"accel", "gives accelerations of a model or of a physical system", accel_command},
    {"forces", "gives the forces that a motion needs, by a model or a physical system", forces_command},
    {"sweep", "trains many models side by side, over grids or random points: one table", sweep_command},
    {"merge", "puts the shards of a sweep together", merge_command},
    {"report", "makes report.html again; sets several runs side by side", report_command},
    {"compare", "sets models side by side on physical systems, with equal data, weights and steps", compare_command},
    {"study", "runs a prepared study, from training to a page with the answer", study_command},
    {"doctor", "says what is there, what is missing and what would be used", doctor_command},
    {"bench", "measures the speed of each kernel and main job, beside its bound", bench_command},
    {"config", "shows or checks a configuration", config_command},
    {"systems", "lists the physical systems, their coordinates and parameters", systems_command},
    {"models", "lists the models and their choices", models_command},
    {"completion", "prints a completion script for bash, zsh or fish", completion_command},
};

std::span<const Command> commands() { return table; }

}  // namespace lnn
