// Where the parts of a sweep lie:
//
//   DIR/  config.toml   run.json (as of a run)   models/ID.safetensors
//         results/RUNG-ID.json (of each finished piece, named by its first model; what --resume goes on from)
//         table.csv  table.json  summary.json  timings.csv  report.html  figures/
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "files/run_directory.hpp"
#include "run/options.hpp"
#include "settings/config.hpp"
#include "sweep/plan.hpp"
#include "sweep/table.hpp"

namespace lnn {

// what run.json says
struct SweepRecord {
    Shard shard;
    bool complete = false;
    std::string backend, isa;     // used; empty: not known
    nlohmann::ordered_json json;  // all of it
};

// The place of a new sweep, where and when RunDirectory::create gives one, with its record. `used`: the backend, as
// used_backend or the record of another sweep has it.
RunDirectory create_sweep(const Config& base, Shard, const nlohmann::ordered_json& used, const Options&);
// config.toml, after all that it cannot go on without: from here on it is a sweep
void write_sweep_config(const std::filesystem::path& sweep, const Config& base);

// Exit::file where it is damaged, or not of a sweep
SweepRecord parse_sweep_record(std::string_view text, const std::string& where);
SweepRecord read_sweep_record(const std::filesystem::path& sweep);

void make_places(const std::filesystem::path& sweep);  // for what is written below

std::filesystem::path model_path(const std::filesystem::path& sweep, std::int64_t id);
void keep_models(const std::filesystem::path& sweep, const std::set<std::int64_t>& ids);  // and no others

// a finished piece; its models are written before it
void write_piece(const std::filesystem::path& sweep, const std::vector<Row>&);
std::string encode_piece(const std::vector<Row>&);
std::vector<Row> parse_piece(std::string_view text, const std::string& where);  // Exit::file where it is damaged
// the rows of all pieces, sorted; Exit::file where one is damaged, or not of this plan
std::vector<Row> read_pieces(const std::filesystem::path& sweep, const Plan&);

}  // namespace lnn
