// lnn_gpu study: prepared studies, from training to a page with the answer.
#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "study/preferred_coordinate.hpp"
#include "terminal/signals.hpp"

namespace lnn {

Action study_command(Arguments& arguments) {
    struct Flags {
        Options common;
        std::string name;
        Study study;
    };
    auto flags = std::make_shared<Flags>();
    arguments.examples(
        "lnn_gpu study preferred-coordinate --out runs/coordinate\n"
        "lnn_gpu study preferred-coordinate --models 8 --trajectories 200 --out runs/quick");
    arguments
        .option("NAME", flags->name,
                "preferred-coordinate: is one coordinate predicted worse than the other? Given again "
                "with the same --out, it goes on where it was stopped")
        .required()
        .one_of({"preferred-coordinate"});
    arguments.option("--models", flags->study.models, "models of each setting").between(2, 65536).show_default();
    arguments.option("--trajectories", flags->study.trajectories, "random trajectories that each model predicts")
        .between(2, 1000000)
        .show_default();
    add_setting_flags(arguments, flags->common);
    add_target_flags(arguments, flags->common, "the study's directory; without it runs/NAME");
    add_talk_flags(arguments, flags->common);
    return [flags] {
        Options& options = flags->common;
        if (!options.preset.empty() || !options.config.empty())
            throw Error(Exit::usage, "a study has its own presets; leave out --preset and --config");
        flags->study.directory = options.out.empty() ? "runs/" + flags->name : options.out;
        if (options.dry_run) return print_study_plan(flags->study, options);
        catch_stop_signals();
        return study_preferred_coordinate(flags->study, options);
    };
}

}  // namespace lnn
