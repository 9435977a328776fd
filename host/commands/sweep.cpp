// lnn_gpu sweep: many models trained side by side, one table.
#include <charconv>
#include <tuple>

#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "settings/write.hpp"
#include "sweep/sweep.hpp"

namespace lnn {

namespace {

// two whole numbers
std::pair<std::int64_t, std::int64_t> pair_of(const std::string& text, char between, const char* expected) {
    std::int64_t a = 0, b = 0;
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, a);
    const bool parted = first.ec == std::errc() && first.ptr != end && *first.ptr == between;
    const auto second = std::from_chars(parted ? first.ptr + 1 : end, end, b);
    if (!parted || second.ec != std::errc() || second.ptr != end || a < 0)
        throw Error(Exit::usage, expected + (": not " + text));
    return {a, b};
}

}  // namespace

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
        if (!flags->seeds.empty()) {
            const auto [from, to] = pair_of(flags->seeds, ':', "--seeds: expected A:B, as in 0:8 for 0 to 7");
            if (to <= from) throw Error(Exit::usage, "--seeds: expected A:B with A below B, as in 0:8 for 0 to 7");
            options.settings.push_back({"run.seed", fmt::to_string(from), "--seeds"});
            options.settings.push_back({"run.seeds", fmt::to_string(to - from), "--seeds"});
        }
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
