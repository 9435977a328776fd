#include "sweep/directory.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files/atomic_file.hpp"
#include "files/json.hpp"
#include "files/record.hpp"
#include "files/run_files.hpp"
#include "lnn/error.hpp"
#include "settings/write.hpp"

namespace lnn {

namespace fs = std::filesystem;

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* mend_piece = "remove it, and its models are trained again with --resume";
constexpr double max_seconds = 1e9;

bool is_of(const Plan& plan, const Row& row) {
    const bool known = row.id < plan.units() && row.rung < plan.rungs() && row.seed == plan.seed(row.id);
    const auto& keys = plan.keys();
    return known && row.settings.size() == keys.size() &&
           std::all_of(keys.begin(), keys.end(), [&](const auto& key) { return row.settings.contains(key); });
}

}  // namespace

RunDirectory create_sweep(const Config& base, Shard shard, const Json& used, const Options& options) {
    RunDirectory directory = RunDirectory::create(options.out, options.force);
    const fs::path& path = directory.path();
    Json record = begin_record("sweep", base.run.seed);
    record["shard"] = {{"index", shard.index}, {"count", shard.count}};
    for (const char* key : {"backend", "device", "isa", "threads"})
        if (used.contains(key)) record[key] = used[key];
    write_record_file(path, record);
    return directory;
}

void write_sweep_config(const fs::path& sweep, const Config& base) {
    write_file(sweep / run_files::config, config_to_toml(base), true);
}

SweepRecord parse_sweep_record(std::string_view text, const std::string& where) {
    SweepRecord record;
    record.json = parse_record(text, where);
    const Json& json = record.json;
    if (json["command"] != "sweep") throw Error(Exit::file, fmt::format("{}: not of a sweep; check the path", where));
    const JsonField shard =
        JsonField(json, where, "write the I and N of its --shard there (0 and 1: none)").at("shard");
    record.shard.count = shard.at("count").integer(1, most_shards);
    record.shard.index = shard.at("index").integer(0, record.shard.count - 1);
    record.complete = json["status"] == run_complete;
    record.backend = json.value("backend", "");
    record.isa = json.value("isa", "");
    return record;
}

SweepRecord read_sweep_record(const fs::path& path) {
    return parse_sweep_record(read_file(path / run_files::record), (path / run_files::record).string());
}

void make_places(const fs::path& sweep) {
    make_directories(sweep / run_files::pieces);
    make_directories(sweep / run_files::models);
}

fs::path model_path(const fs::path& sweep, std::int64_t id) {
    return sweep / run_files::models / fmt::format("{:06}.safetensors", id);
}

void keep_models(const fs::path& sweep, const std::set<std::int64_t>& ids) {
    std::set<fs::path> kept;
    for (const std::int64_t id : ids) kept.insert(model_path(sweep, id));
    for (const fs::directory_entry& entry : entries_of(sweep / run_files::models))
        if (!kept.contains(entry.path())) remove_tree(entry.path());
}

std::string encode_piece(const std::vector<Row>& rows) {
    Json piece = Json::array();
    for (const Row& row : rows) piece.push_back({{"row", row}, {"seconds", row.seconds}});
    return piece.dump() + "\n";
}

void write_piece(const fs::path& sweep, const std::vector<Row>& rows) {
    write_file(sweep / run_files::pieces / fmt::format("{}-{:06}.json", rows[0].rung, rows[0].id), encode_piece(rows),
               true);
}

std::vector<Row> parse_piece(std::string_view text, const std::string& where) {
    const Json json = parse_json(text, where, mend_piece);
    std::vector<Row> rows;
    for (const JsonField& unit : JsonField(json, where, mend_piece).items()) {
        rows.push_back(row_of(unit.at("row")));
        rows.back().seconds = unit.at("seconds").number(0, max_seconds);
    }
    return rows;
}

std::vector<Row> read_pieces(const fs::path& sweep, const Plan& plan) {
    std::vector<Row> rows;
    for (const fs::directory_entry& entry : entries_of(sweep / run_files::pieces)) {
        if (entry.path().filename().string().starts_with(".")) continue;
        const std::string where = entry.path().string();
        for (Row& row : parse_piece(read_file(entry.path()), where)) {
            if (!is_of(plan, row))
                throw Error(Exit::file, fmt::format("{}: model {} on rung {} is none of this sweep; {}", where, row.id,
                                                    row.rung, mend_piece));
            rows.push_back(std::move(row));
        }
    }
    sort_rows(rows);
    return rows;
}

}  // namespace lnn
