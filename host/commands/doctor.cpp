// lnn_gpu doctor: what is there, what is missing, and what would be used.
#include <fmt/format.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "files/version.hpp"
#include "problem/backends.hpp"
#include "settings/text_system.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace {

bool on_path(const std::string& program) {
    const char* path = std::getenv("PATH");
    std::string list = path ? path : "";
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t colon = std::min(list.find(':', at), list.size());
        if (access((list.substr(at, colon - at) + "/" + program).c_str(), X_OK) == 0) return true;
        at = colon + 1;
    }
    return false;
}

// a small known answer: a pendulum held level falls at g / l
bool accelerates(Backend& backend) {
    const std::vector<double> level = {1.5707963267948966, 0.0};
    std::vector<double> a(1), e(1);
    Config::System pendulum;
    pendulum.kind = "pendulum";
    backend.accelerate(system_spec(pendulum), level, a, e);
    return std::abs(a[0] + 9.8) < 1e-12;
}

}  // namespace

Action doctor_command(Arguments& arguments) {
    auto options = std::make_shared<Options>();
    arguments.examples("lnn_gpu doctor\nlnn_gpu doctor --backend cuda");
    add_setting_flags(arguments, *options);
    add_json_flag(arguments, *options);
    return [options] {
        const Config config = resolve(*options);
        nlohmann::ordered_json found = {{"version", version()}};
        Config cpu_config = config;
        cpu_config.run.backend = "cpu";
        const auto cpu = open_backend(cpu_config);
        const BackendInfo info = cpu->info();
        found["cpu"] = {{"device", info.device}, {"isa", info.isa}, {"threads", info.threads}};
        try {
            Config cuda_config = config;
            cuda_config.run.backend = "cuda";
            const BackendInfo card = open_backend(cuda_config)->info();
            found["cuda"] = {{"device", card.device}, {"libraries", card.libraries}};
        } catch (const Error& error) {
            found["cuda"] = {{"missing", error.what()}};
        }
        found["gnuplot"] = on_path("gnuplot");
        std::string note;
        Exit verdict = Exit::ok;
        std::optional<Error> missing;
        try {
            const auto backend = open_backend(config, &note);
            found["would_use"] = backend->info().name;
            if (!accelerates(*backend)) verdict = Exit::check;
        } catch (const Error& error) {
            found["would_use"] = nullptr;
            missing = error;
            verdict = error.exit();
        }
        found["self_test"] = verdict == Exit::ok;
        if (options->json) {
            print_json(found);
        } else {
            fmt::print("lnn_gpu {}\ncpu: {}, {}, {} thread{}\n", version(), info.device, info.isa, info.threads,
                       info.threads == 1 ? "" : "s");
            const bool card = found["cuda"].contains("device");
            fmt::print("cuda: {}\n", found["cuda"][card ? "device" : "missing"].get<std::string>());
            if (card) fmt::print("libraries: {}\n", found["cuda"]["libraries"].get<std::string>());
            fmt::print("gnuplot: {}\n", found["gnuplot"].get<bool>()
                                            ? "found"
                                            : "missing; reports have no figures (apt install gnuplot-nox)");
            const std::string used = found["would_use"].is_null() ? "nothing" : found["would_use"].get<std::string>();
            fmt::print("would use: {}{}\nself-test: {}\n", used, note.empty() ? "" : " (" + note + ")",
                       verdict == Exit::ok      ? "passed"
                       : verdict == Exit::check ? "FAILED"
                                                : "not run");
        }
        if (missing) throw *missing;
        return verdict;
    };
}

}  // namespace lnn
