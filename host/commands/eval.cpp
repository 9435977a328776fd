// lnn_gpu eval: how good the models of a run, or one file of weights, are.
#include <fmt/format.h>

#include "backends.hpp"
#include "commands/commands.hpp"
#include "evaluation.hpp"
#include "files/atomic_file.hpp"
#include "session.hpp"

namespace lnn {

namespace {

struct Flags {
    Options common;
    std::string run, model, protocol = "trajectories";
    std::int64_t trajectories = 0, repeats = 0;
};

nlohmann::ordered_json evaluate(Backend& backend, const Config& config, const RunModels& models, const Flags& flags) {
    const Network& first =
        models.networks[std::find(models.alive.begin(), models.alive.end(), true) - models.alive.begin()];
    if (flags.protocol == "box") return evaluate_box(backend, config, first, flags.trajectories ? flags.trajectories : 100000);
    if (flags.protocol == "energy") return evaluate_energy(backend, config, first, flags.trajectories ? flags.trajectories : 40);
    Progress progress("eval", "trajectories",
                      std::int64_t(models.networks.size()) * config.eval.trajectories * config.eval.repeats,
                      !flags.common.quiet && !flags.common.no_progress);
    return evaluate_trajectories(backend, config, models.networks, models.alive, progress).summary;
}

}  // namespace

Action eval_command(CLI::App& app) {
    auto flags = std::make_shared<Flags>();
    app.footer(
        "lnn_gpu eval runs/0001\n"
        "lnn_gpu eval runs/0001 --protocol energy\n"
        "lnn_gpu eval --model model.safetensors --protocol box --json");
    add_setting_flags(app, flags->common);
    add_talk_flags(app, flags->common);
    app.add_option("--out", flags->common.out, "JSON file for the result")->type_name("FILE")->group("Output");
    app.add_flag("--force", flags->common.force, "overwrite it")->group("Output");
    auto* run = app.add_option("RUN", flags->run, "run directory: its models, system and settings");
    app.add_option("--model", flags->model, "weights, where there is no run")->type_name("FILE.safetensors")->excludes(run);
    app.add_option("--protocol", flags->protocol, "trajectories (random roll-outs), box or energy (as published)")
        ->check(CLI::IsMember({"trajectories", "box", "energy"}));
    app.add_option("--trajectories", flags->trajectories, "trajectories, starts of `energy` or states of `box`")
        ->check(CLI::PositiveNumber);
    app.add_option("--repeats", flags->repeats, "evaluations, each with trajectories of its own")->check(CLI::PositiveNumber);
    return [flags] {
        Options& options = flags->common;
        if (flags->run.empty() == flags->model.empty())
            throw Error(Exit::usage, "give a run directory, or weights by --model FILE.safetensors");
        if (!options.out.empty()) check_target(options.out, options.force);
        // eval flags are settings like any other
        if (flags->trajectories && flags->protocol == "trajectories")
            options.settings.push_back({"eval.trajectories", fmt::to_string(flags->trajectories), "--trajectories"});
        if (flags->repeats) options.settings.push_back({"eval.repeats", fmt::to_string(flags->repeats), "--repeats"});
        if (!flags->run.empty() && options.config.empty()) options.config = flags->run + "/config.toml";
        Config config = resolve(options);
        RunModels models;
        if (flags->run.empty()) {
            std::vector<std::string> notes;
            models = {{load_network(flags->model, notes)}, {true}};
            config.run.seeds = 1;
            for (const std::string& note : notes) say(!options.quiet, note);
        } else {
            models = load_run_models(flags->run, config);
        }
        const auto backend = open_backend(config);
        const auto result = evaluate(*backend, config, models, *flags);
        if (!options.out.empty()) write_file(options.out, result.dump(2) + "\n", options.force);
        if (options.json)
            fmt::print("{}\n", result.dump(2));
        else
            fmt::print("{}", flags->protocol == "trajectories" ? trajectory_table(result) : protocol_table(result));
        return Exit::ok;
    };
}

}  // namespace lnn
