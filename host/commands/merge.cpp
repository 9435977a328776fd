// lnn_gpu merge: the shards of a sweep as one.
#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "sweep/sweep.hpp"

namespace lnn {

Action merge_command(Arguments& arguments) {
    struct Flags {
        Options common;
        std::vector<std::filesystem::path> shards;
    };
    auto flags = std::make_shared<Flags>();
    arguments.examples("lnn_gpu merge runs/shard-0 runs/shard-1 --out runs/sweep");
    add_talk_flags(arguments, flags->common);
    arguments.option("DIR", flags->shards, "the directories of all shards").required();
    arguments.option("--out", flags->common.out, "the sweep's directory; without it a fresh numbered one under runs/")
        .type("PATH")
        .group("Output");
    arguments.flag("--force", flags->common.force, "overwrite what is there").group("Output");
    return [flags] { return merge_sweeps(flags->shards, flags->common); };
}

}  // namespace lnn
