#include "files/record.hpp"

#include <unistd.h>

#include <ctime>
#include <fstream>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files/atomic_file.hpp"
#include "files/json.hpp"
#include "files/run_directory.hpp"
#include "files/run_files.hpp"
#include "files/version.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

std::string host_name() {
    char name[256] = {};
    return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

// as the kernel has them
std::vector<std::string> program_arguments() {
    std::vector<std::string> arguments;
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
    return arguments;
}

}  // namespace

std::string now_text() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

Json begin_record(const std::string& command, std::uint64_t seed) {
    return {{"status", "started"},         {"command", command},  {"version", version()}, {"git", git_description()},
            {"argv", program_arguments()}, {"host", host_name()}, {"seed", seed},         {"started", now_text()}};
}

Json used_backend(const BackendInfo& info) {
    return {{"backend", info.name}, {"device", info.device}, {"isa", info.isa}, {"threads", info.threads}};
}

std::string used_backend(const std::filesystem::path& directory) { return run_word(directory, "backend"); }

nlohmann::ordered_json parse_record(std::string_view text, const std::string& where) {
    const std::string mend = "restore it from a copy, or start anew with --force";
    Json record = parse_json(text, where, mend);
    const JsonField fields(record, where, mend);
    for (const char* key : {"status", "command"}) fields.at(key).text();
    for (const char* key : {"backend", "isa", "init_from"})
        if (const auto word = fields.find(key)) word->text();
    if (const auto timings = fields.find("timings")) timings->object();
    return record;
}

nlohmann::ordered_json read_record(const std::filesystem::path& directory) {
    const std::filesystem::path path = directory / run_files::record;
    return parse_record(read_file(path), path.string());
}

std::string begun_elsewhere(const std::filesystem::path& directory, const std::string& before) {
    return fmt::format("{} was begun on the backend {}: the last bits may differ from here on", directory.string(),
                       before.empty() ? "of another version" : before);
}

void write_record_file(const std::filesystem::path& directory, const Json& record) {
    write_file(directory / run_files::record, text_of(record) + "\n", true);
}

}  // namespace lnn
