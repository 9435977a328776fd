// The table of commands, and the one place where an error becomes a line on stderr and an exit code.
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>

#include <unistd.h>

#include <fmt/format.h>

#include "commands/command_line.hpp"
#include "terminal/talk.hpp"

namespace lnn {

static constexpr Command table[] = {
    {"run", "generates data, trains, evaluates and reports: the main job", run_command},
    {"data", "generates samples, imports your own, or says what a file holds", data_command},
    {"train", "trains alone, or goes on with a run that was stopped", train_command},
    {"eval", "says how good a model is, by random trajectories or a published protocol", eval_command},
    {"rollout", "integrates trajectories of a model or of a physical system", rollout_command},
    {"accel", "gives accelerations of a model or of a physical system", accel_command},
    {"sweep", "trains many models side by side, over grids or random points: one table", sweep_command},
    {"merge", "puts the shards of a sweep together", merge_command},
    {"report", "makes report.html again; sets several runs side by side", report_command},
    {"study", "runs a prepared study, from training to a page with the answer", study_command},
    {"doctor", "says what is there, what is missing and what would be used", doctor_command},
    {"bench", "measures the speed of each kernel and main job, beside its bound", bench_command},
    {"config", "shows or checks a configuration", config_command},
    {"systems", "lists the physical systems, their coordinates and parameters", systems_command},
    {"models", "lists the models and their choices", models_command},
    {"completion", "prints a completion script for bash, zsh or fish", completion_command},
};

std::span<const Command> commands() { return table; }

}  // namespace lnn

// one line, whatever a path or a value has in it
static int fail(lnn::Exit exit, std::string_view line) {
    std::string text = "lnn_gpu: error: ";
    for (const char c : line)
        text += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? fmt::format("\\x{:02x}", c) : std::string(1, c);
    lnn::talk(text + "\n");
    return static_cast<int>(exit);
}

// says that memory is out, without asking for more
static int out_of_memory() {
    lnn::talk("lnn_gpu: error: out of memory; free some, or ask for less at once\n");
    return static_cast<int>(lnn::Exit::backend);
}

static std::atomic<bool> memory_lacks = false;

[[noreturn]] static void tell_of_memory() {
    memory_lacks = true;
    throw std::bad_alloc();
}

// what may not throw may want memory all the same: a directory that is walked, the destructor of a JSON value
[[noreturn]] static void end_without_memory() {
    if (memory_lacks) _exit(out_of_memory());
    std::abort();
}

int main(int argc, char** argv) {
    using lnn::Exit;
    std::set_new_handler(tell_of_memory);
    std::set_terminate(end_without_memory);
    lnn::prepare_streams();
    try {
        const Exit exit = lnn::run_command_line(argc, argv);
        // results that never arrived are an error, too
        if (std::fflush(stdout) != 0 || std::ferror(stdout))
            return fail(Exit::file, fmt::format("cannot write to stdout: {}", std::strerror(errno)));
        return static_cast<int>(exit);
    } catch (const lnn::Error& error) {
        return fail(error.exit(), error.what());
    } catch (const std::bad_alloc&) {
        return out_of_memory();
    } catch (const std::filesystem::filesystem_error& error) {
        return fail(Exit::file, fmt::format("cannot tell what is at {}: {}; choose a place you may read and write",
                                            error.path1().string(), error.code().message()));
    } catch (const std::exception& error) {
        if (std::ferror(stdout)) return fail(Exit::file, fmt::format("cannot write to stdout: {}", error.what()));
        return fail(Exit::internal, error.what());
    }
}
