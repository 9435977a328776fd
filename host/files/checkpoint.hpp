// RUN/checkpoints/NAME/{model.safetensors, optimizer.safetensors, state.json, DONE}: all of it or nothing.
//
// DONE holds the checksums of the others.
// Written as checkpoints/.NAME.tmp, each file fsynced, DONE last, then the directory renamed and its parent
// fsynced: killed at any instant, every checkpoint that bears its name is whole. Removal goes through a
// rename to .tmp, too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "files/json.hpp"
#include "files/safetensors.hpp"

namespace lnn {

struct Checkpoint {
    std::string name;  // names sort by age
    nlohmann::ordered_json state;
    std::vector<Tensor> model, optimizer;
    std::map<std::string, std::string> model_metadata;
};

std::string checkpoint_name(std::int64_t step);  // "step-000000051200"

void remove_unfinished_checkpoints(const std::filesystem::path& run);  // what killed writers left behind

// removes all but those named `newest` and `best` and the last `keep`, and what killed writers left behind
void prune_checkpoints(const std::filesystem::path& run, int keep, const std::string& newest, const std::string& best);

// adds this one, then prunes
void write_checkpoint(const std::filesystem::path& run, const Checkpoint& checkpoint, int keep,
                      const std::string& best);

std::vector<std::string> checkpoint_names(const std::filesystem::path& run);  // the whole ones, oldest first
Checkpoint read_checkpoint(const std::filesystem::path& run, const std::string& name);
// the checkpoint that the bytes of its four files make; `directory` gives its name, and stands in errors
Checkpoint decode_checkpoint(const std::filesystem::path& directory,
                             const std::function<std::string(const char* file)>& bytes_of);
// the fields of its state; an error says how to do without it
JsonField fields_of(const std::filesystem::path& run, const Checkpoint& checkpoint);
std::optional<Checkpoint> latest_checkpoint(const std::filesystem::path& run);

}  // namespace lnn
