// lnn_gpu eval: how good the models of a run, or one file of weights, are.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/eval_settings.hpp"
#include "commands/flags.hpp"
#include "evaluation/protocols.hpp"
#include "evaluation/write.hpp"
#include "files/atomic_file.hpp"
#include "files/record.hpp"
#include "files/run_files.hpp"
#include "problem/backends.hpp"
#include "problem/problem.hpp"
#include "run/session.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace {

struct Flags {
    Options common;
    std::string run, model, protocol;
    std::int64_t trajectories = 0, repeats = 0;
};

using Json = nlohmann::ordered_json;

// Where finished slices of trajectories are kept until the result is there: beside it, or in the run; empty for a lone
// file of weights whose result goes to the terminal, or where --out is not a regular file
std::filesystem::path partial_path(const Flags& flags) {
    std::error_code ignored;
    const auto target = std::filesystem::status(flags.common.out, ignored);
    if (!flags.common.out.empty())
        return std::filesystem::exists(target) && !std::filesystem::is_regular_file(target)
                   ? ""
                   : flags.common.out + ".partial";
    return flags.run.empty() ? "" : flags.run + "/" + run_files::unfinished_command;
}

// random trajectories; after a signal `ended` is not ok, and the same command goes on
Written evaluate_all(Backend& backend, const Config& config, const Problem& problem, const RunModels& models,
                     const Flags& flags, PartialFile& partial, Exit& ended) {
    const Options& options = flags.common;
    const std::int64_t total = models.count() * problem.eval.trajectories * problem.eval.repeats;
    Progress progress("eval", "trajectories", total, options.talk().bars);
    catch_stop_signals();
    if (const auto path = partial_path(flags); !path.empty())
        partial = PartialFile(path, evaluation_key(backend, config, models.networks, models.alive));
    if (const std::filesystem::path out = options.out; partial.keeps() && !out.empty())
        remove_unfinished(out.has_parent_path() ? out.parent_path() : ".", out.filename().string());
    const TrajectoryEvaluation e =
        evaluate_trajectories(backend, problem, models.networks, models.alive, progress, partial);
    progress.finish();
    if (!partial.problem().empty()) options.talk().say("{}", partial.problem());
    if (e.stop == Stop::none) return written(e);
    ended = e.stop == Stop::interrupt ? Exit::interrupted : Exit::stopped;
    options.talk().say(
        "stopped after {} of {} trajectories; {}", e.done, total,
        partial.keeps() ? "the same command goes on from " + partial.path().string() : "nothing of them is kept");
    return {};
}

// a published protocol, for each model that survived
Written evaluate_protocol(Backend& backend, const Protocol& protocol, const Problem& problem, const RunModels& models,
                          const Flags& flags) {
    const std::int64_t count = flags.trajectories ? flags.trajectories : protocol.count;
    if (models.networks.size() == 1) return protocol.evaluate(backend, problem, models.networks[0], count);
    Written all{{{"protocol", protocol.name}, {"models", Json::array()}}, ""};
    for (std::size_t m = 0; m < models.networks.size(); ++m) {
        if (!models.alive[m]) continue;
        auto [json, table] = protocol.evaluate(backend, problem, models.networks[m], count);
        json["seed"] = problem.seed + m;
        all.json["models"].push_back(json);
        all.table += fmt::format("seed {}: {}", problem.seed + m, table);
    }
    return all;
}

// what was kept from training when the run learned from a file
Written evaluate_held_out(Backend& backend, const Config& config, const RunModels& models, const Options& options) {
    Config own = config;
    const Work work = read_work(own, "", options);
    if (work.held_out.samples == 0)
        throw Error(Exit::usage, "nothing was held out of training; set data.hold_out above 0 in a new run");
    if (models.first().spec.dof != work.held_out.dof)
        throw Error(Exit::file,
                    fmt::format("{}: {} degrees of freedom, the model has {}; choose the file it was learned from",
                                own.data.file(), work.held_out.dof, models.first().spec.dof));
    return written(
        evaluate_measured(backend, work.problem, models.networks, models.alive, work.data[0], work.held_out));
}

Written evaluate(Backend& backend, const Config& config, const RunModels& models, const Flags& flags,
                 PartialFile& partial, Exit& ended) {
    if (flags.protocol == "measured") return evaluate_held_out(backend, config, models, flags.common);
    const Problem problem = problem_of(config);
    if (const Protocol* protocol = find_protocol(flags.protocol))
        return evaluate_protocol(backend, *protocol, problem, models, flags);
    return evaluate_all(backend, config, problem, models, flags, partial, ended);
}

}  // namespace

Action eval_command(Arguments& arguments) {
    auto flags = std::make_shared<Flags>();
    std::vector<std::string> names = {"trajectories", "measured"}, published;
    for (const Protocol& protocol : protocols()) {
        names.push_back(protocol.name);
        published.push_back(fmt::format("{} ({})", protocol.name, protocol.meaning));
    }
    arguments.examples(
        "lnn_gpu eval runs/0001\n"
        "lnn_gpu eval runs/0001 --protocol energy\n"
        "lnn_gpu eval --model model.safetensors --protocol box --json");
    add_setting_flags(arguments, flags->common);
    add_talk_flags(arguments, flags->common);
    arguments.option("--out", flags->common.out, "JSON file for the result").type("FILE").group("Output");
    arguments.flag("--force", flags->common.force, "overwrite it").group("Output");
    arguments.option("RUN", flags->run, "run directory: its models, system and settings");
    arguments.option("--model", flags->model, "weights, where there is no run")
        .type("FILE.safetensors")
        .excludes("RUN");
    arguments
        .option("--protocol", flags->protocol,
                fmt::format("trajectories (random roll-outs), measured (what was held out of a file), or as published: "
                            "{}; not given: trajectories where the true system is known, else measured",
                            fmt::join(published, ", ")))
        .one_of(names);
    arguments.option("--trajectories", flags->trajectories, "trajectories; starts or states of a published protocol")
        .check(count_up_to(most_trajectories));
    arguments.option("--repeats", flags->repeats, "evaluations, each with trajectories of its own")
        .check(count_up_to(most_repeats));
    return [flags] {
        Options& options = flags->common;
        if (flags->run.empty() == flags->model.empty())
            throw Error(Exit::usage, "give a run directory, or weights by --model FILE.safetensors");
        if (!options.out.empty()) check_target(options.out, options.force);
        // eval flags are settings like any other
        if (flags->trajectories && !find_protocol(flags->protocol))
            options.settings.push_back({"eval.trajectories", fmt::to_string(flags->trajectories), "--trajectories"});
        if (flags->repeats) options.settings.push_back({"eval.repeats", fmt::to_string(flags->repeats), "--repeats"});
        RunModels models;
        if (flags->run.empty()) {
            std::vector<std::string> notes;
            models = {{load_network(flags->model, notes)}, {true}};
            for (const std::string& note : notes) options.talk().say("{}", note);
            take_system(models.networks[0], options);
        } else {
            take_run(flags->run, options);
        }
        Config config = resolve(options);
        if (flags->run.empty())
            config.run.seeds = 1;
        else
            models = load_run_models(flags->run, config);
        std::string note;  // why a run of a card goes on without
        const auto backend = flags->run.empty()
                                 ? open_backend(config)
                                 : open_backend(with_used_backend(config, used_backend(flags->run)), &note);
        if (!note.empty()) options.talk().say("{}", note);
        if (flags->protocol.empty()) flags->protocol = config.system.kind != no_system ? "trajectories" : "measured";
        PartialFile partial;
        Exit ended = Exit::ok;
        const Written result = evaluate(*backend, config, models, *flags, partial, ended);
        if (ended != Exit::ok) return ended;
        if (!options.out.empty()) write_file(options.out, text_of(result.json) + "\n", options.force);
        if (options.json)
            print_json(result.json);
        else
            fmt::print("{}", result.table);
        partial.remove();
        return Exit::ok;
    };
}

}  // namespace lnn
