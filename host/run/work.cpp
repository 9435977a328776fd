#include "run/work.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>

#include <fmt/format.h>

#include "files/columns.hpp"
#include "files/segments.hpp"

namespace lnn {

namespace {

void require_fit(const Config& config, const Dataset& data, const std::string& source) {
    if (data.a.empty())
        throw Error(Exit::file,
                    fmt::format("{}: no accelerations (a); training needs them; lnn_gpu data import derives "
                                "them from velocities or positions and times",
                                source));
    const SystemInfo wanted = coordinates_of(config);
    const bool known = wanted.name != no_system;
    if (wanted.dof != data.dof)
        throw Error(Exit::file,
                    fmt::format("{}: {} degrees of freedom, {} has {}; set {} to match", source, data.dof,
                                known ? wanted.name : "data.dof", wanted.dof, known ? "system.kind" : "it to 0 or"));
    if (data.dof > max_dof)
        throw Error(Exit::file,
                    fmt::format("{}: {} degrees of freedom; up to {} are supported", source, data.dof, max_dof));
    if (std::uint64_t(wanted.angles) >> data.dof)  // wider than the most coordinates
        throw Error(Exit::usage, fmt::format("data.angles = \"{}\": {} has coordinates up to q{}", config.data.angles,
                                             source, data.dof));
}

void complete(Config& config, const Dataset& data) {
    if (config.data.angles == "auto") config.data.angles = coordinate_names(data.angles.value_or(0));
    if (config.data.dof == 0) config.data.dof = data.dof;
    if (config.model.velocity_scale > 0) return;
    double largest = 0;
    for (const double v : data.v) largest = std::max(largest, std::abs(v));
    config.model.velocity_scale = largest > 0 ? 0.5 * largest : 1;
}

}  // namespace

std::string absolute_source(const std::string& source) {
    Config::Data data;
    data.source = source;
    if (!data.is_file() || data.file().empty()) return source;
    return fmt::format("{}{}", Config::Data::file_prefix, std::filesystem::absolute(data.file()).string());
}

Work read_work(Config& config, const std::string& init_from, const Options& options) {
    const bool known = config.system.kind != no_system;
    if (!config.data.is_file() && !known)
        throw Error(Exit::usage,
                    "system.kind = \"none\" has no equations to make data from; set data.source to "
                    "\"file:PATH\", or system.kind to a system of lnn_gpu systems");
    if (!config.data.is_file() && config.model.velocity_scale == 0)
        throw Error(Exit::usage, "model.velocity_scale = 0 measures the velocities of a file; give it a value above 0");
    Work work;
    std::vector<std::string> notes;
    if (config.data.is_file()) {
        const std::string source = config.data.file();
        LoadedDataset loaded = load_dataset(source);
        notes = loaded.notes;
        complete(config, loaded.data);
        require_fit(config, loaded.data, source);
        auto [data, held_out] = hold_out(loaded.data, config.data.hold_out,
                                         config.data.hold_out_at == "start" ? HeldOut::start : HeldOut::end);
        if (data.samples == 0)
            throw Error(Exit::usage,
                        fmt::format("data.hold_out = {} leaves nothing of the {} samples of {} to learn from",
                                    config.data.hold_out, loaded.data.samples, source));
        if (known && loaded.data.angles)  // a measured file
            notes.push_back(fmt::format("{}: taken as motions of {} (system.kind); --preset measured assumes no system",
                                        source, config.system.kind));
        if (config.data.hold_out > 0 && held_out.samples == 0)
            throw Error(Exit::usage,
                        fmt::format("data.hold_out = {} holds none of the {} samples of {} out; give samples of more "
                                    "than one instant, or set it to 0",
                                    config.data.hold_out, loaded.data.samples, source));
        work.data.push_back(std::move(data));
        work.held_out = std::move(held_out);
    }
    work.problem = problem_of(config);
    if (!init_from.empty()) {
        work.init = load_network(init_from, notes);
        const ModelSpec wanted = work.problem.model, &given = work.init->spec;
        if (given.kind != wanted.kind || given.dof != wanted.dof || given.depth != wanted.depth ||
            given.hidden != wanted.hidden || given.angles != wanted.angles ||
            given.velocity_scale != wanted.velocity_scale || given.mass_prior != wanted.mass_prior ||
            given.damping != wanted.damping)
            throw Error(
                Exit::file,
                fmt::format("{}: not a model of [model] and system.kind; set model.kind, model.hidden, model.inputs, "
                            "model.velocity_scale, model.mass_prior and model.damping to match it",
                            init_from));
    }
    for (const std::string& note : notes) options.talk().say("{}", note);
    return work;
}

}  // namespace lnn
