#include "sweep/directory.hpp"

#include <fmt/format.h>

#include "config/write.hpp"
#include "files/atomic_file.hpp"
#include "lnn/error.hpp"
#include "record.hpp"

namespace lnn {

namespace fs = std::filesystem;

using Json = nlohmann::ordered_json;

RunDirectory create_sweep(const Config& base, Shard shard, const Json& used, const Options& options) {
    RunDirectory directory = RunDirectory::create(options.out, options.force);
    const fs::path& path = directory.path();
    Json record = begin_record("sweep", base.run.seed);
    record["shard"] = {{"index", shard.index}, {"count", shard.count}};
    for (const char* key : {"backend", "device", "isa", "threads"})
        if (used.contains(key)) record[key] = used[key];
    write_record_file(path, record);
    write_file(path / "config.toml", config_to_toml(base), true);  // last: now it is a sweep
    return directory;
}

Json read_sweep_record(const fs::path& path) {
    Json record = Json::parse(read_file(path / "run.json"), nullptr, false);
    if (!is_sweep(path) || !record.contains("shard"))
        throw Error(Exit::file, fmt::format("{} is not a sweep; check the path", path.string()));
    return record;
}

void make_places(const fs::path& sweep) {
    make_directories(sweep / "results");
    make_directories(sweep / "models");
}

fs::path model_path(const fs::path& sweep, std::int64_t id) {
    return sweep / "models" / fmt::format("{:06}.safetensors", id);
}

void keep_models(const fs::path& sweep, const std::set<std::int64_t>& ids) {
    std::set<fs::path> kept;
    for (const std::int64_t id : ids) kept.insert(model_path(sweep, id));
    for (const fs::directory_entry& entry : entries_of(sweep / "models"))
        if (!kept.contains(entry.path())) remove_tree(entry.path());
}

void write_piece(const fs::path& sweep, const std::vector<Row>& rows) {
    Json piece = Json::array();
    for (const Row& row : rows) piece.push_back({{"row", row}, {"seconds", row.seconds}});
    write_file(sweep / "results" / fmt::format("{}-{:06}.json", rows[0].rung, rows[0].id), piece.dump() + "\n", true);
}

std::vector<Row> read_pieces(const fs::path& sweep) {
    std::vector<Row> rows;
    for (const fs::directory_entry& entry : entries_of(sweep / "results")) {
        if (entry.path().filename().string().starts_with(".")) continue;
        try {
            for (const Json& unit : Json::parse(read_file(entry.path()))) {
                rows.push_back(unit.at("row").get<Row>());
                rows.back().seconds = unit.at("seconds");
            }
        } catch (const Json::exception&) {
            throw Error(
                Exit::file,
                fmt::format("{}: not what a sweep writes; remove it, and its models are trained again with --resume",
                            entry.path().string()));
        }
    }
    sort_rows(rows);
    return rows;
}

}  // namespace lnn
