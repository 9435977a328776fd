// DIR/run.json: what ran, where, when and how it ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "lnn/backend.hpp"

namespace lnn {

std::string now_text();  // UTC, as in 2026-01-31T12:00:00Z

// the record of `command` that starts now
nlohmann::ordered_json begin_record(const std::string& command, std::uint64_t seed);

// what of a backend was used, for the record; what was asked for is in config.toml
nlohmann::ordered_json used_backend(const BackendInfo&);
// its name, of a directory's record; empty where none is readable
std::string used_backend(const std::filesystem::path& directory);

// run.json, in which what the program goes by is of its kind; Exit::file where it is not
nlohmann::ordered_json parse_record(std::string_view text, const std::string& where);
nlohmann::ordered_json read_record(const std::filesystem::path& directory);

// the line on a job that goes on with another backend than `before`
std::string begun_elsewhere(const std::filesystem::path& directory, const std::string& before);

void write_record_file(const std::filesystem::path& directory, const nlohmann::ordered_json& record);

}  // namespace lnn
