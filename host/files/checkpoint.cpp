#include "files/checkpoint.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>

#include "files/atomic_file.hpp"
#include "files/hash.hpp"
#include "files/run_files.hpp"
#include "lnn/error.hpp"

namespace lnn {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view temporary = ".tmp";  // ends the name of what is not, or no longer, a checkpoint

fs::path room_of(const fs::path& run) { return run / run_files::checkpoints; }
fs::path hidden(const fs::path& room, const std::string& name) { return room / fmt::format(".{}{}", name, temporary); }

std::string mend(const fs::path& directory) {
    return fmt::format("remove {} to continue from the checkpoint before it", directory.string());
}

void move(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) fail_file("rename", from, errno);
}

// JSON has no word for inf and nan and would hold null
void require_finite(const Json& value, const std::string& key, const fs::path& path) {
    if (value.is_number_float() && !std::isfinite(value.get<double>()))
        throw Error(Exit::file, fmt::format("cannot write {}: '{}' is {}, and JSON holds finite numbers only",
                                            path.string(), key, value.get<double>()));
    if (value.is_structured())
        for (const auto& [inner, item] : value.items()) require_finite(item, key + "/" + inner, path);
}

// a line of DONE
std::string checksum(const char* name, std::string_view bytes) {
    return fmt::format("{:016x}  {}\n", hash_of(bytes), name);
}

void write_files(const fs::path& directory, const fs::path& final, const Checkpoint& checkpoint) {
    std::string done;
    const auto write = [&](const char* name, const std::string& bytes) {
        write_synced(directory / name, bytes);
        done += checksum(name, bytes);
    };
    const auto tensors = [&](const char* name, const Safetensors& file) {
        write(name, encode_safetensors(file, (final / name).string()));
    };
    require_finite(checkpoint.state, "", final / "state.json");
    tensors("model.safetensors", {checkpoint.model, checkpoint.model_metadata});
    tensors("optimizer.safetensors", {checkpoint.optimizer, {}});
    write("state.json", checkpoint.state.dump(2) + "\n");
    write_synced(directory / "DONE", done);
    sync_directory(directory);
}

}  // namespace

std::string checkpoint_name(std::int64_t step) { return fmt::format("step-{:012}", step); }

std::vector<std::string> checkpoint_names(const fs::path& run) {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : entries_of(room_of(run))) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with('.') && fs::exists(entry.path() / "DONE")) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

void remove_unfinished_checkpoints(const fs::path& run) {
    for (const fs::directory_entry& entry : entries_of(room_of(run))) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with('.') && name.ends_with(temporary)) remove_tree(entry.path());
    }
}

void prune_checkpoints(const fs::path& run, int keep, const std::string& newest, const std::string& best) {
    const fs::path room = room_of(run);
    const std::vector<std::string> names = checkpoint_names(run);
    const std::size_t kept = static_cast<std::size_t>(std::max(keep, 0));
    for (std::size_t i = 0; i + kept < names.size(); ++i) {
        if (names[i] == best || names[i] == newest) continue;
        move(room / names[i], hidden(room, names[i]));
    }
    remove_unfinished_checkpoints(run);
}

void write_checkpoint(const fs::path& run, const Checkpoint& checkpoint, int keep, const std::string& best) {
    const fs::path room = room_of(run), final = room / checkpoint.name, beside = hidden(room, checkpoint.name);
    make_directories(room);
    remove_unfinished_checkpoints(run);  // left by a killed writer

    try {
        make_directories(beside);
        write_files(beside, final, checkpoint);
    } catch (...) {
        std::error_code ignored;
        fs::remove_all(beside, ignored);
        throw;
    }
    // a checkpoint of that name changes places with it, or steps aside where a file system cannot exchange
    if (fs::exists(final) && ::renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, final.c_str(), RENAME_EXCHANGE) != 0)
        move(final, hidden(room, checkpoint.name + ".old"));
    if (!fs::exists(final)) move(beside, final);
    sync_directory(room);
    prune_checkpoints(run, keep, checkpoint.name, best);
}

Checkpoint read_checkpoint(const fs::path& run, const std::string& name) {
    const fs::path directory = room_of(run) / name;
    return decode_checkpoint(directory, [&](const char* file) { return read_file(directory / file); });
}

Checkpoint decode_checkpoint(const fs::path& directory, const std::function<std::string(const char*)>& bytes_of) {
    try {
        const std::string done = bytes_of("DONE");
        const auto read = [&](const char* file, auto decode) {
            const std::string bytes = bytes_of(file), path = (directory / file).string();
            auto decoded = decode(bytes, path);  // first, for it says more of what is wrong
            if (done.find(checksum(file, bytes)) == done.npos)
                throw Error(Exit::file, fmt::format("{}: damaged: its checksum is not that in DONE", path));
            return decoded;
        };
        Safetensors model = read("model.safetensors", decode_safetensors);
        Safetensors optimizer = read("optimizer.safetensors", decode_safetensors);
        Json state = read("state.json", [](const auto& text, const auto& where) { return parse_json(text, where); });
        return {directory.filename().string(), std::move(state), std::move(model.tensors), std::move(optimizer.tensors),
                std::move(model.metadata)};
    } catch (const Error& error) {
        throw Error(Exit::file, fmt::format("{}; {}", error.what(), mend(directory)));
    }
}

JsonField fields_of(const fs::path& run, const Checkpoint& checkpoint) {
    const fs::path directory = room_of(run) / checkpoint.name;
    return {checkpoint.state, (directory / "state.json").string(), mend(directory)};
}

std::optional<Checkpoint> latest_checkpoint(const fs::path& run) {
    const std::vector<std::string> names = checkpoint_names(run);
    if (names.empty()) return {};
    return read_checkpoint(run, names.back());
}

}  // namespace lnn
