// An archive, array by array, and as a data set.
#include "files/npz.hpp"

#include "dataset.hpp"

using namespace lnn;

namespace {

using Arrays = std::map<std::string, Array>;

Arrays readable(std::string_view bytes) {
    const Npz archive(bytes, "x.npz");
    Arrays arrays;
    for (const auto& member : archive.members())
        fuzz::takes([&] { arrays[member.first] = archive.read(member.first); });
    std::erase_if(arrays, [](const auto& member) { return member.second.values.empty(); });
    return arrays;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::bytes_of(data, size);
    Arrays arrays;
    if (!fuzz::takes([&] { arrays = readable(bytes); }) || arrays.empty()) return 0;
    fuzz::comes_back(
        arrays, [](const Arrays& written) { return encode_npz(written, "x.npz"); }, readable);
    LoadedDataset loaded;
    const auto load = [&] {
        Lines file{std::string(bytes), "x.npz"};
        loaded = load_dataset(file);
    };
    if (fuzz::takes(load)) fuzz::dataset_comes_back(loaded.data);
    return 0;
}
