#include "files/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "files/array.hpp"
#include "files/atomic_file.hpp"
#include "files/json_depth.hpp"
#include "files/memory.hpp"
#include "lnn/error.hpp"

namespace lnn {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t largest_header = 100'000'000;  // as in the reference reader
constexpr std::size_t most_keys = 10'000;            // for each of which the parser looks at all before it
constexpr const char* metadata_key = "__metadata__";

template <class... T>
[[noreturn]] void refuse(const std::string& where, fmt::format_string<T...> format, T&&... values) {
    throw Error(Exit::file, where + ": " + fmt::format(format, std::forward<T>(values)...));
}

// a zip (torch.save) or protocol 2 to 5 of pickle; the length of a header may begin with 0x80 too, but '{'
// follows it
void refuse_pickle(std::string_view bytes, const std::string& where) {
    const bool zip = bytes.starts_with("PK\x03\x04");
    const bool pickle = bytes.size() >= 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5 &&
                        !(bytes.size() > 8 && bytes[8] == '{');
    if (!zip && !pickle) return;
    const std::string target = std::filesystem::path(where).replace_extension(".safetensors").string();
    refuse(where,
           "a pickle, which can run any code and is never loaded; convert it: python3 -c \"import torch, "
           "safetensors.torch as s; s.save_file(torch.load('{}'), '{}')\"",
           where, target);
}

Json parse_header(std::string_view text, const std::string& where) {
    if (!json_depth_at_most(text, 3))
        refuse(where, "the header nests deeper than safetensors do; write the file again");
    std::vector<std::set<std::string>> keys;  // of each object that is open
    std::size_t count = 0;                    // of all keys
    const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::object_start) keys.emplace_back();
        if (event == Json::parse_event_t::object_end) keys.pop_back();
        if (event != Json::parse_event_t::key) return true;
        const auto& key = parsed.get_ref<const std::string&>();
        if (!keys.back().insert(key).second)
            refuse(where, "the header holds the key '{}' twice; write the file again", key);
        if (++count > most_keys)
            refuse(where, "the header holds more than {} keys; write a file of fewer tensors", most_keys);
        return true;
    };
    try {
        Json header = Json::parse(text, watch);
        if (!header.is_object()) refuse(where, "the header is not a JSON object; write the file again");
        return header;
    } catch (const Json::exception& error) {
        refuse(where, "the header is not valid JSON ({}); write the file again", error.what());
    }
}

std::vector<std::size_t> sizes_of(const Json& entry, const char* key, const std::string& name,
                                  const std::string& where) {
    const auto found = entry.find(key);
    const bool good = found != entry.end() && found->is_array() &&
                      std::all_of(found->begin(), found->end(), [](const Json& x) { return x.is_number_unsigned(); });
    if (!good) refuse(where, "tensor '{}' has no valid '{}'; write the file again", name, key);
    return found->get<std::vector<std::size_t>>();
}

void require_finite_tensor(const Tensor& tensor, const std::string& where) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
        const double value = tensor.values[i];
        if (std::isfinite(tensor.f64 ? value : static_cast<float>(value))) continue;
        refuse(where,
               "value {} of tensor '{}' is {}{}; weights must be finite: take an earlier checkpoint or train "
               "again",
               i, tensor.name, value, std::isfinite(value) ? ", too large for F32" : "");
    }
}

struct Range {
    std::size_t begin, end;
    std::string name;
};

// the values lie one after the other and fill the rest of the file: no overlap, no hole
void require_dense(std::vector<Range> ranges, std::size_t size, const std::string& where) {
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& x, const Range& y) { return std::pair(x.begin, x.end) < std::pair(y.begin, y.end); });
    std::size_t at = 0;
    for (const Range& range : ranges) {
        if (range.begin != at)
            refuse(where, "tensor '{}' begins at byte {} of the data, {} there; write the file again", range.name,
                   range.begin, range.begin < at ? "overlapping what ends further on" : "leaving a hole before it");
        at = range.end;
    }
    if (at != size)
        refuse(where, "the header describes {} bytes of data, {} follow; it is {}: copy or write it again", at, size,
               at > size ? "truncated" : "corrupt");
}

template <class T>
std::vector<double> widen(std::string_view bytes) {
    std::vector<T> narrow(bytes.size() / sizeof(T));
    if (!narrow.empty()) std::memcpy(narrow.data(), bytes.data(), bytes.size());
    return std::vector<double>(narrow.begin(), narrow.end());
}

std::size_t item_size(bool f64) { return f64 ? sizeof(double) : sizeof(float); }

void append(std::string& bytes, const Tensor& tensor) {
    if (tensor.f64) {
        bytes.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(double));
    } else {
        const std::vector<float> narrow(tensor.values.begin(), tensor.values.end());
        bytes.append(reinterpret_cast<const char*>(narrow.data()), narrow.size() * sizeof(float));
    }
}

}  // namespace

Safetensors decode_safetensors(std::string_view bytes, const std::string& where) {
    refuse_pickle(bytes, where);
    std::uint64_t length = 0;
    if (bytes.size() < sizeof length) refuse(where, "not a safetensors file: {} bytes are too few", bytes.size());
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes.remove_prefix(sizeof length);
    if (length > largest_header) refuse(where, "not a safetensors file (a header of {} bytes)", length);
    if (length > bytes.size())
        refuse(where, "truncated: the header claims {} bytes, {} are left; copy or write it again", length,
               bytes.size());
    const Json header = parse_header(bytes.substr(0, length), where);
    const std::string_view data = bytes.substr(length);

    Safetensors file;
    std::vector<Range> ranges;
    for (const auto& [name, entry] : header.items()) {
        if (!entry.is_object()) refuse(where, "'{}' in the header is not an object; write the file again", name);
        if (name == metadata_key) {
            for (const auto& [key, text] : entry.items()) {
                if (!text.is_string()) refuse(where, "metadata '{}' is not a string; write it as one", key);
                file.metadata[key] = text.get<std::string>();
            }
            continue;
        }
        const auto dtype = entry.find("dtype");
        if (dtype == entry.end() || (*dtype != "F32" && *dtype != "F64"))
            refuse(where, "tensor '{}' is of type {}; save it as F32 or F64", name,
                   dtype == entry.end() ? "(none)" : dtype->dump());
        const bool f64 = *dtype == "F64";
        const std::vector<std::size_t> shape = sizes_of(entry, "shape", name, where);
        const std::vector<std::size_t> offsets = sizes_of(entry, "data_offsets", name, where);

        const auto count = element_count(shape);
        std::size_t need = 0;
        if (offsets.size() != 2 || offsets[0] > offsets[1])
            refuse(where, "tensor '{}' has no valid 'data_offsets'; write the file again", name);
        if (!count || __builtin_mul_overflow(*count, item_size(f64), &need) || need != offsets[1] - offsets[0])
            refuse(where, "tensor '{}' of shape {} does not fit its {} bytes; write the file again", name,
                   shape_text(shape), offsets[1] - offsets[0]);
        ranges.push_back({offsets[0], offsets[1], name});
        file.tensors.push_back({name, shape, f64, {}});
    }
    require_dense(ranges, data.size(), where);

    for (std::size_t i = 0; i < ranges.size(); ++i) {
        const std::string_view part = data.substr(ranges[i].begin, ranges[i].end - ranges[i].begin);
        Tensor& tensor = file.tensors[i];
        tensor.values = tensor.f64 ? widen<double>(part) : widen<float>(part);
        require_finite_tensor(tensor, where);
    }
    return file;
}

std::string encode_safetensors(const Safetensors& file, const std::string& where) {
    Json header = Json::object();
    if (!file.metadata.empty()) header[metadata_key] = file.metadata;
    std::size_t end = 0;
    for (const Tensor& tensor : file.tensors) {
        assert(element_count(tensor.shape) == tensor.values.size() && !header.contains(tensor.name));
        require_finite_tensor(tensor, where);
        const std::size_t begin = std::exchange(end, end + tensor.values.size() * item_size(tensor.f64));
        header[tensor.name] = {
            {"dtype", tensor.f64 ? "F64" : "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    }
    // spaces to a multiple of 8, so that the values are aligned
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');

    const std::uint64_t length = text.size();
    std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
    bytes.reserve(sizeof length + text.size() + end);
    bytes += text;
    for (const Tensor& tensor : file.tensors) append(bytes, tensor);
    return bytes;
}

Safetensors read_safetensors(const std::filesystem::path& path) {
    return within_memory(path, [&] { return decode_safetensors(read_file(path), path.string()); });
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& file, bool force) {
    write_file(path, encode_safetensors(file, path.string()), force);
}

}  // namespace lnn
