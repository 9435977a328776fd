// lnn_gpu merge: the shards of a sweep as one.
#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "sweep/sweep.hpp"

namespace lnn {

Action merge_command(CLI::App& app) {
    struct Flags {
        Options common;
        std::vector<std::filesystem::path> shards;
    };
    auto flags = std::make_shared<Flags>();
    app.footer("lnn_gpu merge runs/shard-0 runs/shard-1 --out runs/sweep");
    add_talk_flags(app, flags->common);
    app.add_option("DIR", flags->shards, "the directories of all shards")->required();
    app.add_option("--out", flags->common.out, "the sweep's directory; without it a fresh numbered one under runs/")
        ->type_name("PATH")
        ->group("Output");
    app.add_flag("--force", flags->common.force, "overwrite what is there")->group("Output");
    return [flags] { return merge_sweeps(flags->shards, flags->common); };
}

}  // namespace lnn
