// lnn_gpu train: training alone, from a file or from what the configuration generates; and going on with a run.
#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "files/checkpoint.hpp"
#include "run/dry_run.hpp"
#include "run/session.hpp"

namespace lnn {

Action train_command(Arguments& arguments) {
    struct Flags {
        Options common;
        std::string resume, data, init_from;
        double max_seconds = 0;
    };
    auto flags = std::make_shared<Flags>();
    arguments.examples(
        "lnn_gpu train --preset sweetspot --out runs/weights\n"
        "lnn_gpu train --data pendulum.npz --set train.epochs=100 --set train.steps=0\n"
        "lnn_gpu train --resume runs/0001");
    add_setting_flags(arguments, flags->common);
    add_target_flags(arguments, flags->common, "the run directory; without it a fresh numbered one under runs/");
    add_talk_flags(arguments, flags->common);
    arguments.option("--resume", flags->resume, "run to go on with, from its last checkpoint").type("RUN");
    arguments.option("--data", flags->data, "samples to learn from: .npz or .csv").type("FILE").excludes("--resume");
    arguments.option("--init-from", flags->init_from, "weights to start with")
        .type("FILE.safetensors")
        .excludes("--resume");
    arguments.option("--max-time", flags->max_seconds, "stop with a checkpoint after so many seconds (exit 75)")
        .type("SECONDS")
        .check(positive_number());
    return [flags] {
        Options& options = flags->common;
        const auto work_through = [&](Session session, Work work) {
            work.resume = !flags->resume.empty();
            work.max_seconds = flags->max_seconds;
            const Exit ended = session.work(work);
            if (ended == Exit::ok) print_results(session, options);
            return ended;
        };
        if (!flags->resume.empty()) {
            if (!options.out.empty() || options.force)
                throw Error(Exit::usage, "--resume goes on in its own directory; leave out --out and --force");
            if (options.dry_run) return print_dry_run(run_config(flags->resume, options), options);
            Session session = Session::open(flags->resume, options);
            // a run that is complete needs none of its files, one with a checkpoint no first weights
            Work work;
            if (Config config = session.config(); !session.complete())
                work = read_work(config, checkpoint_names(session.path()).empty() ? session.init_from() : "", options);
            return work_through(std::move(session), std::move(work));
        }
        if (!flags->data.empty())
            options.settings.push_back({"data.source", std::string(Config::Data::file_prefix) + flags->data, "--data"});
        Config config = resolve(options);
        if (options.dry_run) return print_dry_run(config, options);
        Work work = read_work(config, flags->init_from, options);
        return work_through(Session::start("train", config, options, flags->init_from), std::move(work));
    };
}

}  // namespace lnn
