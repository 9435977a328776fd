// lnn_gpu data import: a person's own measured trajectories as a data set.
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands/data.hpp"
#include "commands/flags.hpp"
#include "files/atomic_file.hpp"
#include "files/columns.hpp"
#include "files/measured.hpp"
#include "settings/catalog.hpp"
#include "terminal/did_you_mean.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace {

struct Flags {
    Options common;
    Measurement how;
    std::string file, system, angles, time_unit = "s";
};

const std::map<std::string, double> seconds_of = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}};

std::vector<std::string> time_units() {
    std::vector<std::string> names;
    for (const auto& unit : seconds_of) names.push_back(unit.first);
    return names;
}

const SystemInfo& system_named(const std::string& name) {
    std::vector<std::string> names;
    for (const SystemInfo& system : systems()) {
        if (system.name == name) return system;
        names.push_back(system.name);
    }
    throw Error(Exit::usage,
                fmt::format("unknown system '{}'{}; lnn_gpu systems lists them", name, did_you_mean(name, names)));
}

Measurement measurement(const Flags& flags) {
    Measurement how = flags.how;
    how.seconds = seconds_of.at(flags.time_unit);
    if (how.filter.order >= how.filter.window)
        throw Error(Exit::usage, fmt::format("--window {}: a polynomial of order {} needs a window of {} or more",
                                             how.filter.window, how.filter.order, how.filter.order + 1));
    if (!flags.system.empty()) {
        const SystemInfo& system = system_named(flags.system);
        how.dof = system.dof;
        how.angles.emplace();
        for (int i = 0; i < system.dof; ++i)
            if (is_angle(system, i)) how.angles->push_back(i + 1);
    }
    if (!flags.angles.empty()) how.angles = coordinate_numbers(flags.angles, "--angles");
    return how;
}

Exit import(const Flags& flags) {
    const Options& options = flags.common;
    const Measurement how = measurement(flags);
    if (!options.dry_run) {
        if (options.out.empty()) throw Error(Exit::usage, "where to? give --out FILE.npz");
        check_target(options.out, options.force);
    }
    const Import result = import_measured(flags.file, how);
    if (!options.dry_run) save_dataset(options.out, result.data, options.force);

    for (const std::string& note : result.notes) options.talk().say("{}", note);
    nlohmann::ordered_json json = describe(options.dry_run ? flags.file : options.out, result.data);
    if (!options.json) {
        options.talk().say("{}", summary(json));
        return Exit::ok;
    }
    json["imported"] = {{"from", flags.file},
                        {"trials", result.trials},
                        {"gaps", result.gaps},
                        {"short_segments", result.short_segments},
                        {"short_samples", result.short_samples},
                        {"unwrapped", result.unwrapped},
                        {"derived", result.derived}};
    print_json(json);
    return Exit::ok;
}

}  // namespace

Action import_command(Arguments& arguments) {
    auto flags = std::make_shared<Flags>();
    arguments.examples(
        "lnn_gpu data import measured.csv --out train.npz\n"
        "lnn_gpu data import log.txt --columns t=1,q1=2,q2=3 --angles q1,q2 --degrees --time-unit ms --out train.npz");
    arguments.option("FILE", flags->file, ".npz, or text with rows of numbers (.csv, .txt)").required();
    arguments
        .option("--columns", flags->how.columns,
                "which column is what, by names of the header or numbers from 1; not given: q1.., v1.., a1.., t, "
                "trajectory by their names")
        .type("q1=NAME,...,t=NAME");
    arguments.option("--system", flags->system, "a physical system whose coordinates these are").type("NAME");
    arguments
        .option("--angles", flags->angles,
                "coordinates that are angles, to be unwrapped; not given: the system's, "
                "else those named theta or o")
        .type("q1,...|none");
    arguments.flag("--degrees", flags->how.degrees, "angles and their derivatives are in degrees");
    arguments.option("--time-unit", flags->time_unit, "of the times; derivatives are per second")
        .one_of(time_units())
        .type("UNIT")
        .show_default();
    arguments.option("--gap", flags->how.gap, "steps longer than this many median steps of a trial part segments")
        .check(positive_number())
        .show_default();
    arguments.option("--window", flags->how.filter.window, "samples in a fit, where derivatives are not in the file")
        .between(3, 1001)
        .show_default();
    arguments.option("--order", flags->how.filter.order, "of the polynomial that is fitted")
        .between(2, 8)
        .show_default();
    add_target_flags(arguments, flags->common, "the data set (.npz)");
    add_talk_flags(arguments, flags->common);
    return [flags] { return import(*flags); };
}

}  // namespace lnn
