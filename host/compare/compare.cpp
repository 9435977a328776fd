#include "compare/compare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compare/equal_weights.hpp"
#include "compare/page.hpp"
#include "compare/table.hpp"
#include "evaluation/read.hpp"
#include "files/atomic_file.hpp"
#include "files/record.hpp"
#include "files/run_directory.hpp"
#include "files/run_files.hpp"
#include "problem/backends.hpp"
#include "run/dry_run.hpp"
#include "run/go_on.hpp"
#include "run/session.hpp"
#include "settings/text_system.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
constexpr double none = std::numeric_limits<double>::quiet_NaN();

// what the run of a pair is asked for
Options options_of(const Comparison& all, const std::string& system, const std::string& model, const Options& options) {
    Options own = options;
    own.out = (all.directory / system / model).string();
    const auto set = [&](const char* key, const std::string& value, const char* origin) {
        own.settings.push_back({key, value, origin});
    };
    set("system.kind", system, "--systems");
    set("model.kind", model, "--models");
    set("model.init", "auto", "compare");
    if (const ModelInfo* info = find_model(model); info && !info->lagrangian) {
        set("model.mass_prior", "0", "compare");
        set("model.damping", "none", "compare");
    }
    return own;
}

// the same, with as many weights as the first model has
Options equal_options(const Comparison& all, const std::string& system, const std::string& model,
                      const Options& options) {
    Options own = options_of(all, system, model, options);
    if (model == all.models[0]) return own;
    const std::size_t wanted =
        parameter_count(problem_of(resolve(options_of(all, system, all.models[0], options))).model);
    const std::vector<int> hidden = equal_weights(problem_of(resolve(own)).model, wanted);
    own.settings.push_back({"model.hidden", fmt::format("[{}]", fmt::join(hidden, ",")), "compare"});
    return own;
}

// f(system, model, options) for each pair
template <class F>
void each_pair(const Comparison& all, const Options& options, F&& f) {
    for (const std::string& system : all.systems)
        for (const std::string& model : all.models) f(system, model, equal_options(all, system, model, options));
}

// mean error of the accelerations over their mean size, of each model that is there
std::vector<double> acceleration_errors(Backend& backend, const Problem& problem, const RunModels& models) {
    constexpr std::int64_t count = 4096;
    const SystemSpec& system = problem.true_system();
    const std::size_t n = system.dof;
    std::vector<double> states(2 * n * count), truth(n * count), found(n * count), errors;
    backend.draw(with_seed(problem.data.draw, problem.seed ^ 0x636f6d70617265), int(n), 0, count,
                 states);  // fresh ones
    backend.accelerate(system, states, truth, {});
    for (std::size_t m = 0; m < models.networks.size(); ++m) {
        errors.push_back(none);
        if (!models.alive[m]) continue;
        backend.accelerate(models.networks[m].models(), problem.arithmetic.solve, problem.arithmetic.network, states,
                           found, {}, {});
        double off = 0, size = 0;
        for (std::size_t i = 0; i < truth.size(); ++i) off += std::abs(found[i] - truth[i]), size += std::abs(truth[i]);
        errors.back() = off / size;
    }
    return errors;
}

// a number of a median that may be of nothing
double median_of(const std::optional<Quantiles>& found) { return found ? found->median : none; }

ComparedModel result_of(const std::string& system, const std::string& model, const fs::path& run, bool all_failed) {
    const Config config = run_config(run, {});
    const Problem problem = problem_of(config);
    ComparedModel result{system, model, config.model.hidden, parameter_count(problem.model), 0, {}};
    for (const std::uint64_t seed : problem.seeds()) result.seeds.push_back({seed, true, none, none, none, none, none});
    if (all_failed) return result;
    result.train_seconds = read_record(run).value("/timings/train"_json_pointer, none) /
                           double(std::max<std::size_t>(1, result.seeds.size()));
    const fs::path summary = run / run_files::summary;
    const TrajectoryEvaluation evaluated = read_trajectory_evaluation(read_file(summary), summary.string());
    const std::vector<double> accelerations =
        acceleration_errors(*open_backend(config), problem, load_run_models(run, config));
    for (std::size_t m = 0; m < result.seeds.size(); ++m) {
        SeedResult& seed = result.seeds[m];
        const auto at = std::find_if(evaluated.models.begin(), evaluated.models.end(),
                                     [&](const auto& one) { return one.seed == seed.seed; });
        const std::optional<TrajectorySummary>& found =
            at == evaluated.models.end() ? evaluated.pooled : at->summary;  // of one model the pooled are its own
        if (std::isnan(accelerations[m]) || !found) continue;
        double squares = 0;
        for (const auto& coordinate : found->mse) squares += coordinate.all.median;
        seed = {seed.seed,
                false,
                accelerations[m],
                std::sqrt(squares),
                found->energy_error.median,
                found->valid_time.median,
                median_of(found->valid_time_lyapunov)};
    }
    return result;
}

// every name is one of the catalogue, and none is there twice
void check_names(const Comparison& all) {
    const auto check = [](const std::vector<std::string>& names, const char* flag, const char* list,
                          const auto& known) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!known(names[i]))
                throw Error(Exit::usage,
                            fmt::format("{}: there is no {}; lnn_gpu {} lists them", flag, names[i], list));
            if (std::find(names.begin(), names.begin() + i, names[i]) != names.begin() + i)
                throw Error(Exit::usage, fmt::format("{}: {} is there twice", flag, names[i]));
        }
    };
    check(all.systems, "--systems", "systems",
          [](const std::string& name) { return name != no_system && (name == text_system_name || find_system(name)); });
    check(all.models, "--models", "models", [](const std::string& name) { return find_model(name) != nullptr; });
}

}  // namespace

Exit compare_models(const Comparison& all, const Options& options) {
    check_names(all);
    const fs::path answer = all.directory / run_files::rows;
    if (fs::exists(answer) && !options.force)
        throw Error(Exit::usage, fmt::format("{} holds a complete comparison; give --force to replace it, or another "
                                             "--out",
                                             all.directory.string()));
    if (is_run(all.directory))
        throw Error(Exit::usage, fmt::format("{} is a run; give another --out", all.directory.string()));
    each_pair(all, options, [](const auto&, const auto&, const Options& own) { resolve(own); });  // refused before any
    make_directories(all.directory);
    remove_tree(answer);
    std::vector<ComparedModel> results;
    Exit ended = Exit::ok;
    each_pair(all, options, [&](const std::string& system, const std::string& model, const Options& own) {
        if (ended != Exit::ok) return;
        options.talk().say("{} on {}", model, system);
        const Config wanted = resolve(own);
        Options quiet = own;
        quiet.json = false;
        bool failed = false;
        try {
            Config config = wanted;
            Work work = read_work(config, "", quiet);
            ended = start_or_go_on("run", wanted, std::move(work), quiet);
        } catch (const Error& error) {
            if (error.exit() != Exit::numerics) throw;
            failed = true;  // every seed: a figure of the table, not the end of it
        }
        if (ended == Exit::ok) results.push_back(result_of(system, model, own.out, failed));
    });
    if (ended != Exit::ok) {
        options.talk().say("the comparison goes on where it was when its command is given again, without --force");
        return ended;
    }
    write_file(all.directory / run_files::table, csv_of(results), true);
    for (const std::string& note : write_comparison_page(all.directory, results)) options.talk().say("{}", note);
    const Json json = to_json(results);
    write_file(answer, text_of(json) + "\n", true);  // last: now it is complete
    if (options.json)
        print_json(json);
    else
        fmt::print("{}{}\n", table_of(results), all.directory.string());
    return Exit::ok;
}

Exit print_comparison_plan(const Comparison& all, const Options& options) {
    check_names(all);
    Json jobs = Json::object();
    each_pair(all, options, [&](const std::string& system, const std::string& model, const Options& own) {
        Config config = resolve(own);
        if (options.json) {
            jobs[system][model] = dry_run(config);
            return;
        }
        fmt::print("# {}\n", own.out);
        print_dry_run(config, own);
    });
    if (options.json) print_json(jobs);
    return Exit::ok;
}

}  // namespace lnn
