#include "study/preferred_coordinate.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "evaluation/trajectories.hpp"
#include "files/atomic_file.hpp"
#include "files/run_directory.hpp"
#include "files/run_files.hpp"
#include "problem/backends.hpp"
#include "problem/problem.hpp"
#include "run/dry_run.hpp"
#include "run/go_on.hpp"
#include "run/session.hpp"
#include "study/coordinate_errors.hpp"
#include "study/page.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Arm {
    std::string name, title, preset, balance;
};

const Arm arms[] = {{"sweetspot", "The seed's setting", "sweetspot", "none"},
                    {"sweetspot-balanced", "The seed's setting, balanced", "sweetspot", "scale"},
                    {"small", "Second-order training", "small", "none"},
                    {"small-balanced", "Second-order training, balanced", "small", "scale"}};
constexpr const char *answer_file = "study.json", *models_file = "per_model.csv";
const char* const own_files[] = {answer_file, models_file, run_files::report, run_files::figures};
constexpr std::pair<int, int> balanced[] = {{0, 1}, {2, 3}};  // arms, without and with

Options arm_options(const Arm& arm, const Study& study, const Options& options) {
    Options own = options;
    own.out = (study.directory / arm.name).string();
    own.preset = arm.preset;
    own.settings.push_back({"run.seeds", fmt::to_string(study.models), "--models"});
    own.settings.push_back({"train.balance", arm.balance, "study"});
    return own;
}

// All settings are asked about the same motions: those that the seed asked about.
Config evaluation_config(const Study& study, const Options& options) {
    Options own = options;
    own.preset = "sweetspot";
    own.settings.push_back({"eval.trajectories", fmt::to_string(study.trajectories), "--trajectories"});
    own.settings.push_back({"eval.repeats", "1", "study"});
    return resolve(own);
}

// trains what is not trained yet
Exit train(const Arm& arm, const Study& study, const Options& options) {
    const Options own = arm_options(arm, study, options);
    const Config wanted = resolve(own);
    Work work = [&] {
        Config config = wanted;
        return read_work(config, "", own);
    }();
    options.talk().say("{}: {} models", arm.name, study.models);
    return start_or_go_on("train", wanted, std::move(work), own);
}

// root mean square of q(t) - q(0) of the first two coordinates, over motions like those that are predicted
std::array<double, 2> displacement(Backend& backend, const Problem& problem) {
    constexpr std::int64_t count = 1000;
    const SystemSpec& system = problem.true_system();
    const std::int64_t rows = 2 * system.dof;
    const Integration run = problem.eval.over(problem.eval.t_end);
    std::vector<double> initial(rows * count), out((run.instants + 1) * rows * count);
    backend.draw(with_seed(problem.data.draw, problem.seed), system.dof, 0, count, initial);
    backend.rollout(system, run, initial, out);
    std::array<double, 2> squares{};
    for (std::int64_t k = 1; k <= run.instants; ++k)
        for (int i : {0, 1})
            for (std::int64_t s = 0; s < count; ++s)
                squares[i] += std::pow(out[(k * rows + i) * count + s] - initial[i * count + s], 2);
    for (double& x : squares) x = std::sqrt(x / double(count * run.instants));
    return squares;
}

}  // namespace

Exit study_preferred_coordinate(const Study& study, const Options& options) {
    const Config config = evaluation_config(study, options);
    const Problem problem = problem_of(config);
    problem.true_system();  // refused where there is none
    const SystemInfo& system = problem.coordinates;
    if (system.dof < 2)
        throw Error(Exit::usage, fmt::format("{} has one coordinate; the study compares two", system.name));
    const bool begun = std::any_of(std::begin(arms), std::end(arms),
                                   [&](const Arm& arm) { return is_run(study.directory / arm.name); });
    for (const char* file : own_files)
        if (!begun && fs::exists(study.directory / file))
            throw Error(Exit::usage,
                        fmt::format("{} is not a study, but its {} would be overwritten; give another --out",
                                    study.directory.string(), file));
    if (fs::exists(study.directory / answer_file) && !options.force)
        throw Error(Exit::usage, fmt::format("{} holds a complete study; give --force to replace it, or another --out",
                                             study.directory.string()));
    for (const Arm& arm : arms) resolve(arm_options(arm, study, options));  // refused before the first is trained
    make_directories(study.directory);
    remove_tree(study.directory / answer_file);
    if (options.force) {  // all before the first is trained: what goes on after a stop is of one study
        for (const char* file : own_files) remove_tree(study.directory / file);
        for (const Arm& arm : arms) RunDirectory::create(study.directory / arm.name, true);
    }
    for (const Arm& arm : arms)
        if (const Exit ended = train(arm, study, options); ended != Exit::ok) {
            options.talk().say("the study goes on where it was when its command is given again, without --force");
            return ended;
        }

    // held while the page is made; what a killed study left goes
    const RunDirectory held = RunDirectory::open(study.directory / arms[0].name);
    for (const fs::path& place : {study.directory, study.directory / run_files::figures}) remove_unfinished(place);

    const auto backend = open_backend(config);
    const std::array<std::string, 2> names = {system.coordinates[0], system.coordinates[1]};
    const auto motion = displacement(*backend, problem);
    Json result = {{"study", "preferred-coordinate"},
                   {"system", system.name},
                   {"coordinates", names},
                   {"units", {unit_of(system, 0), unit_of(system, 1)}},
                   {"trajectories", study.trajectories},
                   {"t_end", config.eval.t_end},
                   {"dt", config.eval.dt},
                   {"angle", config.data.angle},
                   {"velocity", config.data.velocity},
                   {"rms_displacement", motion}};
    std::vector<CoordinateErrors> errors;
    for (const Arm& arm : arms) {
        const fs::path run = study.directory / arm.name;
        const Config own = run_config(run, {});
        const RunModels models = load_run_models(run, own);
        Problem asked = problem;
        asked.seed = own.run.seed;
        Progress progress("eval " + arm.name, "trajectories", models.count() * study.trajectories, options.talk().bars);
        PartialFile nothing_kept;
        const TrajectoryEvaluation e =
            evaluate_trajectories(*backend, asked, models.networks, models.alive, progress, nothing_kept);
        progress.finish();
        if (e.stop != Stop::none) return e.stop == Stop::interrupt ? Exit::interrupted : Exit::stopped;
        CoordinateErrors own_errors{
            study.trajectories, std::int64_t(models.alive.size()) - models.count(), e.seeds, {}};
        for (const TrajectoryScore& score : e.scores)
            for (int i : {0, 1}) own_errors.mse[i].push_back(score.mse[i]);
        Json entry = {{"setting", arm.name}, {"title", arm.title}, {"preset", arm.preset}, {"balance", arm.balance}};
        entry.update(coordinates_compared(own_errors, names, motion));
        result["settings"].push_back(entry);
        errors.push_back(std::move(own_errors));
    }
    for (const auto& [plain, with] : balanced)
        result["effect_of_balance"].push_back(
            {{"setting", arms[plain].name}, {"ratio_changes_by", settings_compared(errors[plain], errors[with])}});
    result["answer"] = study_answer(result);

    std::string csv = "setting,seed";
    for (const std::string& name : names) csv += fmt::format(",median_mse_{0},mean_mse_{0}", name);
    csv += ",median_log10_ratio\n";
    for (std::size_t a = 0; a < errors.size(); ++a)
        for (std::size_t m = 0; m < errors[a].models(); ++m) {
            csv += fmt::format("{},{}", arms[a].name, errors[a].seeds[m]);
            for (int i : {0, 1})
                for (const double x : {errors[a].median(i, m), errors[a].mean(i, m)})
                    csv += fmt::format(",{:.9g}", std::isnan(x) ? NAN : x);  // without the sign a NaN may have
            csv += fmt::format(",{:.9g}\n", errors[a].median_log_ratio(m));
        }
    write_file(study.directory / models_file, csv, true);
    for (const std::string& note : write_study_page(study.directory, result, errors)) options.talk().say("{}", note);
    write_file(study.directory / answer_file, text_of(result) + "\n", true);  // last: now it is complete
    if (options.json)
        print_json(result);
    else
        fmt::print("{}{}\n", study_table(result), study.directory.string());
    return Exit::ok;
}

Exit print_study_plan(const Study& study, const Options& options) {
    Json jobs = Json::object();
    for (const Arm& arm : arms) {
        const Options own = arm_options(arm, study, options);
        Config config = resolve(own);
        if (options.json) {
            jobs[arm.name] = dry_run(config);
            continue;
        }
        fmt::print("# {}\n", (study.directory / arm.name).string());
        print_dry_run(config, own);
    }
    if (options.json) print_json(jobs);
    return Exit::ok;
}

}  // namespace lnn
