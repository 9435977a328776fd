// The round trip of a data set, which several targets read.
#pragma once

#include "files/dataset.hpp"
#include "files/lines.hpp"
#include "fuzz.hpp"

namespace lnn::fuzz {

inline void dataset_comes_back(const Dataset& data) {
    std::string bytes;
    if (!takes([&] { bytes = encode_dataset(data, "x.npz"); })) return;  // values that are not finite any more
    comes_back(
        data, [](const Dataset& written) { return encode_dataset(written, "x.npz"); },
        [](const std::string& written) {
            Lines file(written, "x.npz");
            return load_dataset(file).data;
        });
}

}  // namespace lnn::fuzz
