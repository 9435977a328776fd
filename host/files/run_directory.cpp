#include "files/run_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

#include "files/atomic_file.hpp"
#include "files/checkpoint.hpp"
#include "files/json.hpp"
#include "files/run_files.hpp"
#include "lnn/error.hpp"

namespace lnn {
namespace fs = std::filesystem;

namespace {

// also where that cannot be told: no
bool is_there(const fs::path& path) {
    std::error_code unknown;
    return fs::exists(path, unknown);
}

// the first that is there of what a run or a sweep writes, or null
const char* first_file(const fs::path& path) {
    for (const char* name : run_files::all)
        if (is_there(path / name)) return name;
    return nullptr;
}

// Removes what killed writers left behind: beside what a run writes, and in its directories.
void remove_unfinished_in(const fs::path& run) {
    for (const std::string name : run_files::all) {
        remove_unfinished(run, name);
        remove_unfinished(run / name);
    }
    remove_unfinished_checkpoints(run);
}

// the lock of `run`, or nothing where another process has it
std::optional<Descriptor> try_lock(const fs::path& run) {
    const fs::path file = run / ".lock";
    Descriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!descriptor) fail_file("write", file, errno);
    if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) == 0) return descriptor;
    if (errno != EWOULDBLOCK) fail_file("lock", file, errno);
    return {};
}

// `mend`: what else helps than to wait
Descriptor lock(const fs::path& run, const char* mend = "") {
    if (std::optional<Descriptor> held = try_lock(run)) return std::move(*held);
    throw Error(Exit::usage, fmt::format("{} is in use by another process; wait for it to end{}", run.string(), mend));
}

// runs/0001, runs/0002, ...: one more than the highest; whoever makes the directory has the number
fs::path create_numbered(const fs::path& parent) {
    make_directories(parent);
    int highest = 0;
    for (const fs::directory_entry& entry : entries_of(parent)) {
        const std::string name = entry.path().filename().string();
        int number = 0;
        const char* const end = name.data() + name.size();
        if (std::from_chars(name.data(), end, number).ptr == end) highest = std::max(highest, number);
    }
    for (;;) {
        const fs::path path = parent / fmt::format("{:04}", ++highest);
        std::error_code error;
        if (fs::create_directory(path, error)) return path;
        if (error && error != std::errc::file_exists) fail_file("create", path, error.value());
    }
}

}  // namespace

RunDirectory RunDirectory::create(const fs::path& out, bool force) {
    const fs::path path = out.empty() ? create_numbered("runs") : out;
    make_directories(path);
    // files that only look like a run's are not removed, --force or not
    if (const char* const file = first_file(path); file && !is_run(path))
        throw Error(Exit::usage, fmt::format("{} is not a run directory, but its {} would be overwritten; give another "
                                             "--out",
                                             path.string(), file));
    Descriptor held = lock(path, ", or give another --out");
    // a run.json alone, the first file of all, was left by a start that was killed
    if (const char* const file = first_file(path); file && file != std::string_view(run_files::record) && !force) {
        if (!is_there(path / run_files::config))
            throw Error(Exit::usage,
                        fmt::format("{} holds what a job left that was killed as it began; give --force to "
                                    "replace it, or another --out",
                                    path.string()));
        if (run_word(path, "status") == run_complete)
            throw Error(
                Exit::usage,
                fmt::format("{} holds a complete run; give --force to replace it, or another --out", path.string()));
        throw Error(Exit::usage, fmt::format("{} holds an unfinished run; go on with: {}, or give --force to replace "
                                             "it, or another --out",
                                             path.string(), resume_command(path)));
    }
    for (const char* name : run_files::all) remove_tree(path / name);
    remove_unfinished_in(path);
    return {path, std::move(held)};
}

RunDirectory RunDirectory::open(const fs::path& run) {
    // before anything is written or removed there: other programs have a config.toml, too
    for (const char* name : {run_files::config, run_files::record})
        if (!is_there(run / name))
            throw Error(Exit::file,
                        fmt::format("{} is not a run directory (no {} in it); check the path", run.string(), name));
    Descriptor held = lock(run);
    remove_unfinished_in(run);
    return {run, std::move(held)};
}

std::string run_word(const fs::path& run, const std::string& key) {
    try {
        const nlohmann::ordered_json json = parse_json(read_file(run / run_files::record), "", "");
        return JsonField(json, "", "").at(key).text();
    } catch (const Error&) {
        return "";
    }
}

std::optional<RunDirectory> RunDirectory::try_open(const fs::path& run) {
    if (!is_run(run))
        throw Error(Exit::file, fmt::format("{} is neither a run nor a sweep; check the path", run.string()));
    std::optional<Descriptor> held = try_lock(run);
    if (!held) return {};
    remove_unfinished_in(run);
    return RunDirectory(run, std::move(*held));
}

bool is_run(const fs::path& path) { return is_there(path / run_files::record); }

bool is_sweep(const fs::path& run) { return run_word(run, "command") == "sweep"; }

void fail_resumably(const Error& error, const fs::path& run) {
    if (error.exit() != Exit::backend) throw;
    throw Error(Exit::backend,
                fmt::format("{}; what was finished is kept, go on with: {}", error.what(), resume_command(run)));
}

std::string resume_command(const fs::path& run) {
    return fmt::format("lnn_gpu {} --resume {}", is_sweep(run) ? "sweep" : "train", run.string());
}

}  // namespace lnn
