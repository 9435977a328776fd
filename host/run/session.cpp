#include "run/session.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "evaluation/write.hpp"
#include "files/atomic_file.hpp"
#include "files/checkpoint.hpp"
#include "files/json.hpp"
#include "files/npy.hpp"
#include "files/record.hpp"
#include "files/run_files.hpp"
#include "lnn/range.hpp"
#include "problem/backends.hpp"
#include "problem/initialise.hpp"
#include "report/report.hpp"
#include "settings/load.hpp"
#include "settings/schema.hpp"
#include "settings/write.hpp"
#include "terminal/json_text.hpp"
#include "training/rollback.hpp"
#include "training/trainer.hpp"

namespace lnn {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

fs::path model_path(const fs::path& run, const Config& config, int model) {
    return config.run.seeds == 1
               ? run / run_files::model
               : run / run_files::models / fmt::format("seed-{}.safetensors", config.run.seed + model);
}

}  // namespace

Session::Session(Config config, const Options& options, std::unique_ptr<Backend> backend, RunDirectory directory)
    : config_(std::move(config)), options_(options), directory_(std::move(directory)), backend_(std::move(backend)) {}

void Session::record_backend(const std::string& note) {
    if (complete()) return;  // nothing is computed any more
    if (!note.empty()) talk().say("{}", note);
    const BackendInfo info = backend_->info();
    const std::string before = record_.value("backend", "");
    if (before.empty())
        keep_processor(config_, info);
    else if (before != info.name)
        talk().say("{}", begun_elsewhere(path(), before));
    talk().detail("backend {}: {}, {}, {} threads", info.name, info.device, info.isa, info.threads);
    record_.update(used_backend(info));
}

void Session::write_record() { write_record_file(path(), record_); }

Session Session::start(const std::string& command, Config config, const Options& options,
                       const std::string& init_from) {
    catch_stop_signals();
    config.data.source = absolute_source(config.data.source);
    std::string note;
    auto backend = open_training_backend(config, note);
    Session session(std::move(config), options, std::move(backend), RunDirectory::create(options.out, options.force));
    session.record_ = begin_record(command, session.config_.run.seed);
    if (!init_from.empty()) session.record_["init_from"] = fs::absolute(init_from).string();
    session.record_backend(note);
    session.write_record();
    write_file(session.path() / run_files::config, config_to_toml(session.config_), true);  // last: now it is a run
    return session;
}

// RUN's own configuration; Exit::usage where a flag says otherwise
Config run_config(const fs::path& run, const Options& options) {
    Sources sources;
    sources.file = (run / run_files::config).string();
    sources.environment = false;
    const Config own = load(sources);
    if (!options.config.empty() || !options.preset.empty())
        throw Error(Exit::usage,
                    fmt::format("{} has its own configuration; leave out --config and --preset", run.string()));
    sources.flags = options.settings;
    if (const auto changed = differences(own, load(sources)); !changed.empty())
        throw Error(Exit::usage, fmt::format("{} was started with another {}; leave that flag out, or start a new run",
                                             run.string(), fmt::join(changed, ", ")));
    return own;
}

Session Session::open(const fs::path& run, const Options& options) {
    catch_stop_signals();
    RunDirectory directory = RunDirectory::open(run);
    if (is_sweep(run))
        throw Error(Exit::file, fmt::format("{} is a sweep; go on with: {}", run.string(), resume_command(run)));
    Config config = run_config(run, options);
    Json record = read_record(run);
    std::string note;
    auto backend = open_training_backend(with_used_backend(config, used_backend(run)), note);
    Session session(std::move(config), options, std::move(backend), std::move(directory));
    session.record_ = std::move(record);
    session.record_backend(note);
    return session;
}

void Session::save_models(const std::vector<Network>& networks, const std::vector<std::int64_t>& failed, bool f64) {
    bool first = true;
    for (std::size_t m = 0; m < networks.size(); ++m) {
        if (failed[m] >= 0) {  // nor what it was before it failed
            remove_tree(model_path(path(), config_, int(m)));
            continue;
        }
        const Safetensors file = network_file(networks[m], f64);
        if (config_.run.seeds > 1) {
            make_directories(path() / run_files::models);
            write_safetensors(model_path(path(), config_, int(m)), file, true);
        }
        if (first) write_safetensors(path() / run_files::model, file, true);
        first = false;
    }
    if (first) remove_tree(path() / run_files::model);  // which an earlier stop may have left
}

Exit Session::work(const Work& work) {
    if (complete()) {  // all but a report that a kill may have cost
        if (is_whole() && !fs::exists(path() / run_files::report)) report();
        return Exit::ok;
    }
    try {
        if (const Exit ended = train(work); ended != Exit::ok) return ended;
        if (is_whole())
            if (const Exit ended = evaluate(work); ended != Exit::ok) return ended;
    } catch (const Error& error) {
        fail_resumably(error, path());
    }
    record_["status"] = run_complete;
    record_["finished"] = now_text();
    write_record();
    if (is_whole()) report();  // shows the record, and can be made again from what is there
    return Exit::ok;
}

Exit Session::train(const Work& work) {
    Range range("data");
    const Problem& problem = work.problem;
    TrainingData data(*backend_, problem, problem.seeds(), work.data);
    const std::optional<Checkpoint> checkpoint = work.resume ? latest_checkpoint(path()) : std::nullopt;
    if (!checkpoint && problem.data.source == DataSpec::trajectories) {
        make_directories(path() / run_files::data);
        for (std::size_t m = 0; m < data.sets().size(); ++m)
            save_dataset(path() / run_files::data / fmt::format("train-{}.npz", data.seeds()[m]), data.sets()[m], true);
    }
    range.next("train");
    std::vector<Network> networks;
    for (const std::uint64_t seed : data.seeds()) networks.push_back(initial_network(problem, seed, work.init));
    std::vector<AdamSpec> adam(networks.size(), problem.train.adam_for(data.samples()));
    Trainer trainer(*backend_, problem, data, std::move(networks), std::move(adam), path(), config_to_toml(config_));
    if (checkpoint) trainer.restore(*checkpoint);

    record_["status"] = "training";
    write_record();
    const std::int64_t total = problem.train.total_steps(data.samples());
    Progress progress("train", "steps", total, talk().bars);
    const TrainingOutcome outcome = trainer.run(progress, work.max_seconds);
    progress.finish();
    record_["timings"]["train"] = outcome.seconds;
    talk().detail("train: {:.1f} s, {} steps", outcome.seconds, outcome.steps);
    record_["steps"] = outcome.steps;
    record_["skipped"] = outcome.skipped;
    record_["rolled_back"] = outcome.rolled_back;
    record_["truncated_samples"] = outcome.truncated;
    record_["failed_at"] = outcome.failed;
    save_models(trainer.networks(), outcome.failed, problem.f64_weights);
    write_file(path() / run_files::metrics, metrics_csv(trainer.metrics()), true);

    const std::size_t lost = std::count_if(outcome.failed.begin(), outcome.failed.end(), [](auto f) { return f >= 0; });
    for (std::size_t m = 0; m < outcome.failed.size(); ++m) {
        if (outcome.failed[m] >= 0 &&
            rolled_back_too_often(outcome.rolled_back[m], problem.train.adam_steps(data.samples())))
            talk().say(
                "seed {}: rolled back {} steps, more than a tenth of them all, by step {}; the model stops "
                "there",
                data.seeds()[m], outcome.rolled_back[m], outcome.failed[m]);
        else if (outcome.failed[m] >= 0)
            talk().say("seed {}: the gradient left the finite numbers at step {}; the model stops there",
                       data.seeds()[m], outcome.failed[m]);
        else if (outcome.skipped[m] > 0)
            talk().say("seed {}: {} of {} steps left out (gradient not finite)", data.seeds()[m], outcome.skipped[m],
                       outcome.steps);
        if (outcome.failed[m] < 0 && outcome.rolled_back[m] > 0)
            talk().say("seed {}: {} of {} steps rolled back", data.seeds()[m], outcome.rolled_back[m], outcome.steps);
        if (outcome.failed[m] < 0 && !outcome.stalled.empty() && outcome.stalled[m] >= 5)
            talk().say(
                "seed {}: no step lowered the cost in the last {} iterations; the weights before them "
                "are kept",
                data.seeds()[m], outcome.stalled[m]);
    }
    if (lost == outcome.failed.size()) {
        record_["status"] = "failed";
        write_record();
        throw Error(
            Exit::numerics,
            fmt::format("{}: training left the finite numbers or rolled back too often in all {} models; the last good "
                        "checkpoint is kept; try a lower train.lr, train.clip or train.guard = \"skip\"",
                        path().string(), lost));
    }
    if (outcome.steps < total) {
        record_["status"] = "stopped";
        write_record();
        return stopped(outcome.stop, fmt::format("at step {} of {}", outcome.steps, total));
    }
    record_["status"] = "trained";
    write_record();
    return Exit::ok;
}

RunModels load_run_models(const fs::path& run, const Config& config) {
    RunModels models;
    std::vector<std::string> notes;
    for (int m = 0; m < config.run.seeds; ++m) {
        const fs::path path = model_path(run, config, m);
        const bool there = config.run.seeds == 1 || fs::exists(path);
        models.networks.push_back(there ? load_network(path, notes) : Network{});
        models.alive.push_back(there);
    }
    if (models.count() == 0)
        throw Error(Exit::file, fmt::format("{}: no trained model there; train it first", run.string()));
    // a failed model has the shape of the others
    for (std::size_t m = 0; m < models.networks.size(); ++m)
        if (!models.alive[m]) models.networks[m].spec = models.first().spec;
    return models;
}

Exit Session::stopped(Stop stop, const std::string& where) {
    talk().say("stopped {}; go on with: {}", where, resume_command(path()));
    return stop == Stop::interrupt ? Exit::interrupted : Exit::stopped;
}

Exit Session::evaluate(const Work& work) {
    const Range range("eval");
    const auto start = std::chrono::steady_clock::now();
    const RunModels models = load_run_models(path(), config_);
    make_directories(path() / run_files::eval);
    if (work.held_out.samples > 0) compare_with_held_out(models, work);
    if (work.problem.system)
        if (const Exit ended = compare_with_system(models, work.problem); ended != Exit::ok) return ended;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    record_["timings"]["eval"] = seconds;
    talk().detail("eval: {:.1f} s", seconds);
    write_record();
    return Exit::ok;
}

void Session::compare_with_held_out(const RunModels& models, const Work& work) {
    Problem problem = work.problem;
    problem.data.path = config_.data.file();  // absolute, as config.toml has it
    const MeasuredEvaluation e =
        evaluate_measured(*backend_, problem, models.networks, models.alive, work.data[0], work.held_out);
    write_file(path() / run_files::measured, text_of(to_json(e)) + "\n", true);
    if (!e.rollouts.empty()) write_file(path() / run_files::rollouts, rollouts_csv(e), true);
    results_ += table_of(e);
}

Exit Session::compare_with_system(const RunModels& models, const Problem& problem) {
    const std::int64_t total = models.count() * problem.eval.trajectories * problem.eval.repeats;
    Progress progress("eval", "trajectories", total, talk().bars);
    PartialFile partial(path() / run_files::unfinished_eval,
                        evaluation_key(*backend_, config_, models.networks, models.alive));
    if (!partial.problem().empty()) talk().say("{}", partial.problem());
    const TrajectoryEvaluation e =
        evaluate_trajectories(*backend_, problem, models.networks, models.alive, progress, partial);
    progress.finish();
    if (e.stop != Stop::none) return stopped(e.stop, "in the evaluation");
    write_file(path() / run_files::summary, text_of(to_json(e)) + "\n", true);
    write_file(path() / run_files::scores, per_trajectory_csv(e), true);
    const Network& first = models.first();
    constexpr int count = 8;
    std::vector<double> trajectories = sample_trajectories(*backend_, problem, first, count);
    const std::size_t rows = 2 * first.spec.dof;
    write_npy(path() / run_files::trajectories,
              {{2, count, trajectories.size() / (2 * count * rows), rows}, trajectories}, true);
    partial.remove();
    results_ += table_of(e);
    return Exit::ok;
}

void Session::report() {
    const Range range("report");
    write_record();
    for (const std::string& note : write_report(path())) talk().say("{}", note);
}

nlohmann::ordered_json Session::json() const {
    Json result = {{"run", path().string()}, {"record", record_}};
    for (const auto& [key, name] : {std::pair{"eval", run_files::summary}, {"measured", run_files::measured}})
        if (const fs::path file = path() / name; fs::exists(file))
            result[key] = parse_json(read_file(file), file.string(), "evaluate the run again");
    return result;
}

void print_results(const Session& session, const Options& options) {
    if (options.json)
        print_json(session.json());
    else
        fmt::print("{}{}\n", session.results(), session.path().string());
}

}  // namespace lnn
