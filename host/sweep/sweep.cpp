#include "sweep/sweep.hpp"

#include <set>

#include <fmt/format.h>

#include "files/record.hpp"
#include "problem/backends.hpp"
#include "run/dry_run.hpp"
#include "run/session.hpp"
#include "sweep/directory.hpp"
#include "sweep/finish.hpp"
#include "sweep/halving.hpp"
#include "sweep/page.hpp"
#include "sweep/rung.hpp"
#include "terminal/signals.hpp"

namespace lnn {

namespace {

namespace fs = std::filesystem;

// the configuration of model 0, with what its file says
Config first_model(const Plan& plan, const Options& options) {
    Config config = plan.config(0);
    read_work(config, "", options);
    return config;
}

// Exit::file or Exit::usage where a model cannot have its data: now rather than in the night; a file is read once
void check_data(const Plan& plan, const Talk& talk) {
    std::set<std::string> files;
    bool by_their_own = false;
    for (std::int64_t id = 0; id < plan.units(); id += plan.base().run.seeds) {
        Config config = plan.config(id);
        by_their_own |= config.system.kind == no_system && config.data.hold_out == 0;
        if (!config.data.is_file() || files.insert(config.data.source).second) read_work(config, "", Options::silent());
    }
    if (by_their_own) talk.say("data.hold_out = 0: models are ranked by the samples that they are trained on");
}

// the models that are a shard's to train
std::vector<std::int64_t> models_of(const Plan& plan, Shard shard) {
    std::vector<std::int64_t> ids;
    for (std::int64_t id = shard.index; id < plan.units(); id += shard.count) ids.push_back(id);
    return ids;
}

// all rungs; ok, stopped or interrupted
Exit work(const Plan& plan, const fs::path& path, const Options& options) {
    SweepRecord record = read_sweep_record(path);
    std::vector<std::int64_t> ids = models_of(plan, record.shard);
    std::string note;
    const auto backend = open_training_backend(with_used_backend(first_model(plan, options), record.backend), note);
    if (!note.empty()) options.talk().say("{}", note);
    const BackendInfo info = backend->info();
    if (record.backend != info.name) {
        options.talk().say("{}", begun_elsewhere(path, record.backend));
        record.json.update(used_backend(info));
        write_record_file(path, record.json);
    }
    for (int rung = 0; rung < plan.rungs(); ++rung) {
        if (rung > 0) ids = better_half(read_pieces(path, plan), rung - 1);
        try {
            if (!train_rung(plan, rung, ids, path, *backend, options))
                return stop_requested() == Stop::interrupt ? Exit::interrupted : Exit::stopped;
        } catch (const Error& error) {
            fail_resumably(error, path);
        }
    }
    finish_sweep(plan, path, options);
    return Exit::ok;
}

}  // namespace

Exit start_sweep(const Options& options, Shard shard) {
    Config base = resolve(options);
    base.data.source = absolute_source(base.data.source);
    for (std::string* text : {&base.sweep.grid, &base.sweep.space}) *text = with_absolute_files(*text);
    const Plan plan(base);
    if (plan.rungs() > 1 && shard.count > 1)
        throw Error(Exit::usage, "--shard: halving compares all models, which no shard has; set sweep.halving to 1");
    check_data(plan, options.talk());
    if (options.dry_run) {
        print_dry_run(first_model(plan, options), options);
        if (options.json) return Exit::ok;
        for (std::int64_t id = 0; id < plan.units(); id += base.run.seeds) {
            fmt::print("#");
            for (const Setting& setting : plan.point(id)) fmt::print(" {}={}", setting.key, setting.value);
            fmt::print("\n");
        }
        fmt::print("# {} models in all; settings and estimate above are of the first\n", plan.units());
        return Exit::ok;
    }
    std::string unused;  // what is missing is refused before anything is written
    const BackendInfo used = open_training_backend(first_model(plan, Options::silent()), unused)->info();
    keep_processor(base, used);
    catch_stop_signals();
    const RunDirectory directory = create_sweep(base, shard, used_backend(used), options);
    write_sweep_config(directory.path(), base);
    return work(Plan(base), directory.path(), options);
}

Exit resume_sweep(const fs::path& path, const Options& options) {
    catch_stop_signals();
    const RunDirectory directory = RunDirectory::open(path);
    const SweepRecord record = read_sweep_record(path);
    const Plan plan(run_config(path, options));
    const std::vector<Row> rows = last_rungs(read_pieces(path, plan));
    // a damaged piece that was removed is trained again
    if (!record.complete || rows.size() < models_of(plan, record.shard).size()) return work(plan, path, options);
    print_summary(summary_of(rows), path, options);
    return Exit::ok;
}

std::vector<std::string> report_sweep(const fs::path& path) {
    const Plan plan(run_config(path, {}));
    const std::vector<Row> rows = last_rungs(read_pieces(path, plan));
    if (rows.empty())
        throw Error(Exit::file, fmt::format("{}: no model is trained there; where it is unfinished, go on with: {}",
                                            path.string(), resume_command(path)));
    return write_sweep_page(path, plan.keys(), rows, summary_of(rows));
}

}  // namespace lnn
