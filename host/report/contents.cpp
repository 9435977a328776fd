#include "report/contents.hpp"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "evaluation/read.hpp"
#include "files/atomic_file.hpp"
#include "files/json.hpp"
#include "files/npy.hpp"
#include "files/run_files.hpp"
#include "settings/load.hpp"

namespace lnn {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// what `read` makes of the file RUN/name
template <class F>
auto part(const fs::path& run, const char* name, F read) -> Part<decltype(read(run))> {
    std::error_code error;
    if (!fs::exists(run / name, error)) return {{}, fmt::format("{} is not there", name)};
    try {
        return {read(run / name), {}};
    } catch (const Error& e) {
        return {{}, e.what(), true};
    }
}

Json read_record(const fs::path& path) {
    const std::string mend = "make it again";
    Json json = parse_json(read_file(path), path.string(), mend);
    JsonField(json, path.string(), mend).object();
    return json;
}

// a reader of files
template <class Evaluation>
auto evaluation_by(Evaluation (*read)(std::string_view, const std::string&)) {
    return [read](const fs::path& path) { return read(read_file(path), path.string()); };
}

Config read_config(const fs::path& path) {
    Sources sources;
    sources.file = path.string();
    sources.environment = false;
    return load(sources);
}

std::vector<Metrics> read_rows(const fs::path& path) {
    std::vector<Metrics> rows = read_metrics(path);
    if (rows.empty()) throw Error(Exit::file, fmt::format("{}: no rows yet", path.string()));
    return rows;
}

// (2: truth, model; count; instants; 2n), as `eval` leaves it
Motions read_motions(const fs::path& path, const Problem& problem) {
    const Array array = read_npy(path);
    const SystemInfo& system = problem.coordinates;
    const std::size_t rows = 2 * std::size_t(system.dof);
    const auto& shape = array.shape;
    if (shape.size() != 4 || shape[0] != 2 || shape[1] == 0 || shape[2] < 2 || shape[3] != rows)
        throw Error(Exit::file, fmt::format("{}: shape {}, not (2, trajectories, instants, {}); evaluate the run again",
                                            path.string(), shape_text(shape), rows));
    Motions motions{system.coordinates, {}, {}};
    for (int i = 0; i < system.dof; ++i) motions.units.push_back(unit_of(system, i));
    for (std::size_t sample = 0; sample < shape[1]; ++sample) {
        Motion motion{fmt::format("trajectory {}", sample + 1), {}, {}};
        for (std::size_t k = 0; k < shape[2]; ++k) motion.instants.push_back(double(k) * problem.eval.dt);
        bool finite = true;
        for (Path path_of : {truth, model}) {
            motion.along[path_of].assign(rows, {});
            const double* values = &array.values[(path_of * shape[1] + sample) * shape[2] * rows];
            for (std::size_t i = 0; i < shape[2] * rows; ++i) {
                motion.along[path_of][i % rows].push_back(values[i]);
                finite = finite && (path_of == model || std::isfinite(values[i]));
            }
        }
        if (finite) motions.all.push_back(std::move(motion));
    }
    if (motions.all.empty())
        throw Error(Exit::file, fmt::format("{}: the true motions themselves are not finite; choose other starts "
                                            "(data.angle, data.position, data.velocity) or a smaller eval.dt",
                                            path.string()));
    return motions;
}

}  // namespace

Contents read_contents(const fs::path& run) {
    std::error_code error;
    if (!fs::is_directory(run, error))
        throw Error(Exit::file,
                    fmt::format("{}: no such run directory; name one that `lnn_gpu run` made", run.string()));
    Contents c;
    c.run = run;
    fs::path directory = fs::absolute(run).lexically_normal();
    if (!directory.has_filename()) directory = directory.parent_path();  // as in "runs/0001/"
    c.name = directory.filename().string();
    c.toml = part(run, run_files::config, read_file);
    c.config = part(run, run_files::config, read_config);
    if (c.config) c.problem = problem_of(*c.config);
    c.record = part(run, run_files::record, read_record);
    c.metrics = part(run, run_files::metrics, read_rows);
    c.summary = part(run, run_files::summary, evaluation_by(read_trajectory_evaluation));
    c.measured = part(run, run_files::measured, evaluation_by(read_measured_evaluation));
    c.box = part(run, run_files::box, evaluation_by(read_box_evaluations));
    c.energy = part(run, run_files::energy, evaluation_by(read_energy_evaluations));
    c.network = part(run, run_files::model, [](const fs::path& path) {
        std::vector<std::string> notes;
        return load_network(path, notes);
    });
    c.scores = part(run, run_files::scores, read_scores);
    if (c.problem && c.problem->system)
        c.motions =
            part(run, run_files::trajectories, [&](const fs::path& path) { return read_motions(path, *c.problem); });
    else if (c.problem)
        c.motions = part(run, run_files::rollouts,
                         [&](const fs::path& path) { return read_rollouts(path, c.problem->coordinates); });
    else
        c.motions.reason = "without a readable config.toml the trajectories cannot be told apart";
    if (c.problem && !c.problem->system && c.measured && !c.motions && !c.motions.broken)
        c.motions.reason = "the held-out samples are no motion with rising times";
    return c;
}

}  // namespace lnn
