// lnn_gpu sweep: many models trained side by side, one table.
#include <tuple>

#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "settings/write.hpp"
#include "sweep/sweep.hpp"

namespace lnn {

Action sweep_command(Arguments& arguments) {
    struct Flags {
        Options common;
        std::vector<std::string> grid, space;
        std::string random, keep, seeds, shard, resume;
    };
    auto flags = std::make_shared<Flags>();
    arguments.examples(
        "lnn_gpu sweep --grid train.lr=1e-2,1e-3 --grid model.hidden=[16,16],[32,32] --seeds 0:4\n"
        "lnn_gpu sweep --random 100 --space \"train.lr=log(1e-5,1e-1)\" --space \"model.hidden=layers(2:4,16:128)\"\n"
        "lnn_gpu sweep --preset seed-grid --shard 0/8 --out runs/shard-0\n"
        "lnn_gpu sweep --resume runs/0001");
    add_setting_flags(arguments, flags->common);
    add_target_flags(arguments, flags->common, "the sweep's directory; without it a fresh numbered one under runs/");
    add_talk_flags(arguments, flags->common);
    arguments.option("--grid", flags->grid, "values of a setting, all combined; repeatable")
        .type("KEY=A,B")
        .repeatable();
    arguments
        .option("--space", flags->space,
                "what random points draw a setting from: log(a,b), uniform(a,b), int(a,b), "
                "layers(a:b,c:d) or choices; repeatable")
        .type("KEY=LAW")
        .repeatable();
    arguments.option("--random", flags->random, "random points of --space").type("N");
    arguments.option("--seeds", flags->seeds, "seeds A to B - 1 of every point").type("A:B");
    arguments.option("--keep", flags->keep, "weights kept: of so many models, the best").type("N");
    arguments.option("--shard", flags->shard, "the part I, from 0, of N; merge puts them together").type("I/N");
    arguments.option("--resume", flags->resume, "sweep to go on with").type("DIR").excludes("--shard");
    return [flags] {
        Options& options = flags->common;
        take_seeds(flags->seeds, options);
        if (!flags->grid.empty())
            options.settings.push_back(
                {"sweep.grid", toml_string(fmt::format("{}", fmt::join(flags->grid, "; "))), "--grid"});
        if (!flags->space.empty())
            options.settings.push_back(
                {"sweep.space", toml_string(fmt::format("{}", fmt::join(flags->space, "; "))), "--space"});
        if (!flags->random.empty()) options.settings.push_back({"sweep.random", flags->random, "--random"});
        if (!flags->keep.empty()) options.settings.push_back({"sweep.keep", flags->keep, "--keep"});
        if (!flags->resume.empty()) {
            if (!options.out.empty() || options.force || options.dry_run)
                throw Error(Exit::usage,
                            "--resume goes on in its own directory; leave out --out, --force and --dry-run");
            return resume_sweep(flags->resume, options);
        }
        Shard part;
        if (!flags->shard.empty()) {
            std::tie(part.index, part.count) = pair_of(flags->shard, '/', "--shard: expected I/N, as in 0/8");
            if (part.index >= part.count || part.count > most_shards)
                throw Error(Exit::usage,
                            fmt::format("--shard: expected I/N with I from 0 to N - 1 and N up to {}", most_shards));
        }
        return start_sweep(options, part);
    };
}

}  // namespace lnn
