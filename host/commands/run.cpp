// lnn_gpu run: data, training, evaluation and report in one directory. The main job.
#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "run/dry_run.hpp"
#include "run/session.hpp"

namespace lnn {

Action run_command(Arguments& arguments) {
    auto options = std::make_shared<Options>();
    arguments.examples(
        "lnn_gpu run\n"
        "lnn_gpu run --preset sweetspot --out runs/sweetspot\n"
        "lnn_gpu run --set system.kind=pendulum --set train.steps=20000 --seed 1");
    add_setting_flags(arguments, *options);
    add_target_flags(arguments, *options, "the run directory; without it a fresh numbered one under runs/");
    add_talk_flags(arguments, *options);
    return [options] {
        Config config = resolve(*options);
        if (options->dry_run) return print_dry_run(config, *options);
        const Work work = read_work(config, "", *options);
        Session session = Session::start("run", config, *options);
        const Exit ended = session.work(work);
        if (ended == Exit::ok) print_results(session, *options);
        return ended;
    };
}

}  // namespace lnn
