#include <set>

#include <fmt/format.h>

#include "files/atomic_file.hpp"
#include "run/session.hpp"
#include "settings/schema.hpp"
#include "sweep/directory.hpp"
#include "sweep/finish.hpp"
#include "sweep/sweep.hpp"

namespace lnn {

namespace fs = std::filesystem;

Exit merge_sweeps(const std::vector<fs::path>& shards, const Options& options) {
    std::vector<Row> rows;
    std::set<std::int64_t> ids;
    const Config base = run_config(shards[0], {});
    const Plan plan(base);
    if (plan.rungs() > 1)
        throw Error(Exit::usage,
                    fmt::format("{} was halved, which takes all models: it is no shard", shards[0].string()));
    const SweepRecord first = read_sweep_record(shards[0]);
    for (const fs::path& path : shards) {
        const SweepRecord record = read_sweep_record(path);
        if (!record.complete)
            throw Error(Exit::file,
                        fmt::format("{} is unfinished; go on with: {}", path.string(), resume_command(path)));
        for (const auto& [what, used] : {std::pair{"backend", &SweepRecord::backend}, {"isa", &SweepRecord::isa}})
            if (first.*used != record.*used)
                options.talk().say("{} and {} differ in the {} used: the last bits are not those of one machine",
                                   shards[0].string(), path.string(), what);
        for (const std::string& key : differences(base, run_config(path, {})))
            if (key != "run.backend" && key != "run.isa" && key != "run.threads" && key != "run.device")
                throw Error(Exit::file, fmt::format("{} and {} differ in {}; merge shards of one sweep",
                                                    shards[0].string(), path.string(), key));
        for (Row& row : read_pieces(path, plan)) {
            if (!ids.insert(row.id).second)
                throw Error(Exit::file, fmt::format("{}: model {} is in another shard, too; name each shard once",
                                                    path.string(), row.id));
            rows.push_back(std::move(row));
        }
    }
    if (std::int64_t(ids.size()) != plan.units())
        throw Error(Exit::file, fmt::format("{} of {} models are there; name all shards", ids.size(), plan.units()));
    for (const fs::path& path : shards)  // starting anew would take its models away
        if (std::error_code absent; fs::equivalent(path, options.out, absent))
            throw Error(Exit::usage, fmt::format("--out {} is one of the shards; give another directory", options.out));
    sort_rows(rows);
    const RunDirectory directory = create_sweep(base, {}, first.json, options);
    const fs::path& out = directory.path();
    make_places(out);
    for (const fs::path& path : shards)
        for (const std::int64_t id : ids)
            if (fs::exists(model_path(path, id)))
                write_file(model_path(out, id), read_file(model_path(path, id)), true);
    write_piece(out, rows);
    write_sweep_config(out, base);  // now that no model of the shards would be trained again
    finish_sweep(plan, out, options);
    return Exit::ok;
}

}  // namespace lnn
