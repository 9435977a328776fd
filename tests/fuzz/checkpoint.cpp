// The files of a checkpoint: two lengths, of 16 bits each, and model, optimizer and state one after the other.
#include "files/checkpoint.hpp"

#include <map>

#include "fuzz.hpp"

using namespace lnn;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view left = fuzz::bytes_of(data, size);
    if (size < 4) return 0;
    const std::size_t sizes[] = {data[0] + 256u * data[1], data[2] + 256u * data[3]};
    left.remove_prefix(4);
    const auto part = [&](std::size_t wanted) {
        const std::string_view bytes = left.substr(0, wanted);
        left.remove_prefix(bytes.size());
        return std::string(bytes);
    };
    std::map<std::string, std::string> files;
    files["model.safetensors"] = part(sizes[0]);
    files["optimizer.safetensors"] = part(sizes[1]);
    files["state.json"] = left;
    const auto bytes_of = [&](const char* name) { return files[name]; };
    Checkpoint checkpoint;
    const bool taken = fuzz::takes([&] { checkpoint = decode_checkpoint("run/checkpoints/step", bytes_of); });
    if (taken) fuzz::takes([&] { fields_of("run", checkpoint).at("config").text(); });
    files["DONE"] = "0123456789abcdef  model.safetensors\n";  // another one's
    fuzz::require(!fuzz::takes([&] { decode_checkpoint("run/checkpoints/step", bytes_of); }),
                  "a checkpoint of other checksums is taken");
    return 0;
}
