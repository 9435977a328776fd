#include "record.hpp"

#include <unistd.h>

#include <ctime>
#include <fstream>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "files/atomic_file.hpp"
#include "json_text.hpp"
#include "version.hpp"

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

std::string used_backend(const std::filesystem::path& directory) {
    std::error_code absent;
    if (!std::filesystem::exists(directory / "run.json", absent)) return "";
    const Json record = Json::parse(read_file(directory / "run.json"), nullptr, false);
    return record.is_object() && record.contains("backend") && record["backend"].is_string() ? record["backend"] : "";
}

std::string begun_elsewhere(const std::filesystem::path& directory, const std::string& before) {
    return fmt::format("{} was begun on the backend {}: the last bits may differ from here on", directory.string(),
                       before.empty() ? "of another version" : before);
}

void write_record_file(const std::filesystem::path& directory, const Json& record) {
    write_file(directory / "run.json", text_of(record) + "\n", true);
}

}  // namespace lnn
