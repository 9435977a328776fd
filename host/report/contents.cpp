#include "report/contents.hpp"

#include <fmt/format.h>

#include "config/load.hpp"
#include "files/atomic_file.hpp"
#include "files/npy.hpp"
#include "problem.hpp"

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

Json read_object(const fs::path& path) {
    Json json = Json::parse(read_file(path), nullptr, false);
    if (!json.is_object())
        throw Error(Exit::file, fmt::format("{}: not a JSON object; make it again", path.string()));
    return json;
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

Samples read_samples(const fs::path& path, std::size_t dof) {
    Array array = read_npy(path);
    const auto& shape = array.shape;
    if (shape.size() != 4 || shape[0] != 2 || shape[1] == 0 || shape[2] < 2 || shape[3] != 2 * dof)
        throw Error(Exit::file,
                    fmt::format("{}: shape {}, not (2, trajectories, instants, {}); evaluate the run again",
                                path.string(), shape_text(shape), 2 * dof));
    return {shape[1], shape[2], dof, std::move(array.values)};
}

}  // namespace

Contents read_contents(const fs::path& run) {
    std::error_code error;
    if (!fs::is_directory(run, error))
        throw Error(Exit::file,
                    fmt::format("{}: no such run directory; name one that `lnn_gpu run` made", run.string()));
    Contents c;
    c.run = run;
    c.toml = part(run, "config.toml", read_file);
    c.config = part(run, "config.toml", read_config);
    c.record = part(run, "run.json", read_object);
    c.metrics = part(run, "metrics.csv", read_rows);
    c.summary = part(run, "eval/summary.json", read_object);
    c.box = part(run, "eval/box.json", read_object);
    c.energy = part(run, "eval/energy.json", read_object);
    if (c.config)
        c.samples = part(run, "eval/trajectories.npy", [&](const fs::path& path) {
            return read_samples(path, std::size_t(coordinates_of(*c.config).dof));
        });
    else
        c.samples.reason = "without a readable config.toml the trajectories cannot be told apart";
    return c;
}

}  // namespace lnn
