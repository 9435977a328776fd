// lnn_gpu data gen | import | info: samples of a physical system, one's own, and what a file of samples holds.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

#include "commands/commands.hpp"
#include "commands/data.hpp"
#include "commands/flags.hpp"
#include "files/atomic_file.hpp"
#include "files/dataset.hpp"
#include "problem/backends.hpp"
#include "problem/states.hpp"
#include "statistics/statistics.hpp"
#include "terminal/json_text.hpp"
#include "training/training_data.hpp"

namespace lnn {

namespace {

struct Range {
    double low, high;
};
Range range(const std::vector<double>& values, int dof, int i) {
    Range r{values[i], values[i]};
    for (std::size_t s = i; s < values.size(); s += dof) r = {std::min(r.low, values[s]), std::max(r.high, values[s])};
    return r;
}

}  // namespace

nlohmann::ordered_json describe(const std::string& file, const Dataset& data) {
    // "ranges" is an object from the start: where memory lacks to make one of a null, nlohmann stops the process
    nlohmann::ordered_json json = {
        {"file", file}, {"samples", data.samples}, {"dof", data.dof}, {"ranges", nlohmann::ordered_json::object()}};
    const std::pair<const char*, const std::vector<double>*> parts[] = {{"q", &data.q}, {"v", &data.v}, {"a", &data.a}};
    for (const auto& [name, values] : parts)
        for (int i = 0; i < data.dof && !values->empty(); ++i) {
            const Range r = range(*values, data.dof, i);
            json["ranges"][fmt::format("{}{}", name, i + 1)] = {r.low, r.high};
        }
    json["accelerations"] = !data.a.empty();
    json["times"] = !data.t.empty();
    json["trajectories"] = std::set(data.trajectory.begin(), data.trajectory.end()).size();
    if (const std::vector<double> steps = time_steps(data); !steps.empty())
        json["median_step"] = quantile(sorted(steps), 0.5);
    return json;
}

std::string summary(const nlohmann::ordered_json& json) {
    std::string text = fmt::format("{}: {} samples, {} degrees of freedom, {} trajectories{}",
                                   json["file"].get<std::string>(), json["samples"].dump(), json["dof"].dump(),
                                   json["trajectories"].dump(), json["accelerations"] ? "" : ", no accelerations");
    if (json.contains("median_step")) text += fmt::format(", median step {:.6g} s", json["median_step"].get<double>());
    for (const auto& [name, r] : json["ranges"].items())
        text += fmt::format("\n  {}: {:.6g} .. {:.6g}", name, r[0].get<double>(), r[1].get<double>());
    return text;
}

namespace {

struct Flags {
    Options common;
    std::int64_t samples = 10000;
    std::string file;
};

Exit generate(const Flags& flags) {
    const Options& options = flags.common;
    const Config config = resolve(options);
    const Problem problem = problem_of(config);
    if (problem.data.source == DataSpec::file)
        throw Error(Exit::usage, "data gen generates; set data.source to box or trajectories");
    const bool drawn = problem.data.source == DataSpec::box;
    const std::int64_t samples = drawn ? flags.samples : problem.data.count * problem.data.points;
    if (options.dry_run) {
        if (options.json)
            print_json({{"samples", samples}, {"system", problem.coordinates.name}});
        else
            fmt::print("{} samples of {}\n", samples, problem.coordinates.name);
        return Exit::ok;
    }
    if (options.out.empty()) throw Error(Exit::usage, "where to? give --out FILE.npz");
    check_target(options.out, options.force);
    require_memory(6.0 * sizeof(double) * problem.coordinates.dof * double(samples),
                   fmt::format("{} samples", samples));
    const auto backend = open_backend(config);
    const SystemSpec& system = problem.true_system();
    const Dataset data =
        drawn ? drawn_dataset(*backend, system, with_seed(problem.data.draw, problem.seed), 0, flags.samples)
              : trajectory_dataset(*backend, system, problem.data, problem.seed);
    save_dataset(options.out, data, options.force);
    if (options.json)
        print_json(describe(options.out, data));
    else
        options.talk().say("{} samples of {} in {}", data.samples, problem.coordinates.name, options.out);
    return Exit::ok;
}

Exit info(const Flags& flags) {
    const LoadedDataset loaded = load_dataset(flags.file);
    for (const std::string& note : loaded.notes) Talk{}.say("{}", note);
    const nlohmann::ordered_json json = describe(flags.file, loaded.data);
    if (flags.common.json)
        print_json(json);
    else
        fmt::print("{}\n", summary(json));
    return Exit::ok;
}

}  // namespace

Action data_command(Arguments& arguments) {
    auto flags = std::make_shared<Flags>();
    arguments.examples(
        "lnn_gpu data gen --preset sweetspot --out train.npz\n"
        "lnn_gpu data import measured.csv --out train.npz\n"
        "lnn_gpu data info train.npz");

    Arguments gen = arguments.subcommand("gen", "states and accelerations of a built-in system");
    gen.examples(
        "lnn_gpu data gen --preset sweetspot --out train.npz\n"
        "lnn_gpu data gen --set system.kind=pendulum --set data.source=box --samples 1000 --out states.npz");
    add_setting_flags(gen, flags->common);
    add_target_flags(gen, flags->common, "the data set (.npz)");
    add_talk_flags(gen, flags->common);
    gen.option("--samples", flags->samples, "states, where they are drawn directly (data.source = box)")
        .check(count_up_to(beyond_any_memory))
        .show_default();

    Arguments own = arguments.subcommand("import", "your own measured trajectories as a data set");
    const Action import = import_command(own);

    Arguments about = arguments.subcommand("info", "what a file of samples holds");
    about.examples("lnn_gpu data info train.npz");
    add_json_flag(about, flags->common);
    about.option("FILE", flags->file, ".npz or .csv").required();
    return [=] { return gen.given() ? generate(*flags) : own.given() ? import() : info(*flags); };
}

}  // namespace lnn
