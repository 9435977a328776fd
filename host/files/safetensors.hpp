// Named tensors: 8 bytes with the length of a JSON header, the header, then the values without gaps.
//   {"__metadata__": {"key": "text"}, "fc1.weight": {"dtype": "F32", "shape": [4, 2], "data_offsets": [0,
//   32]}, ...}
// Format: https://github.com/huggingface/safetensors#format. Read and written: F32 and F64, keys in file
// order.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lnn {

struct Tensor {
    std::string name;
    std::vector<std::size_t> shape;
    bool f64 = false;  // its type in the file
    std::vector<double> values;
};

struct Safetensors {
    std::vector<Tensor> tensors;
    std::map<std::string, std::string> metadata;
};

// Exit::file for whatever breaks the format, for a pickle, and for a value that is not finite (in F32, if so
// written); `where` names the source in errors
Safetensors decode_safetensors(std::string_view bytes, const std::string& where);
std::string encode_safetensors(const Safetensors& file, const std::string& where);

Safetensors read_safetensors(const std::filesystem::path& path);
void write_safetensors(const std::filesystem::path& path, const Safetensors& file, bool force);

}  // namespace lnn
