// The first bytes say how a file is to be understood; the rest is the file.
#include "files/measured.hpp"

#include "dataset.hpp"

using namespace lnn;

namespace {

constexpr std::size_t flags = 6;

Measurement measurement(std::string_view bytes) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    Measurement how;
    how.degrees = byte(0) & 1;
    if (byte(0) & 2) how.dof = 1 + (byte(0) >> 2 & 3);
    if (byte(0) & 16) how.angles.emplace();
    for (int i = 0; i < 8; ++i)
        if (how.angles && byte(1) >> i & 1) how.angles->push_back(i + 1);
    how.seconds = byte(2) % 2 ? 1e-3 : 1;
    how.gap = (1 + byte(3)) / 16.0;
    how.filter.window = 3 + byte(4) % 30;
    how.filter.order = std::min(2 + byte(5) % 7, int(how.filter.window) - 1);
    return how;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < flags) return 0;
    const std::string_view bytes = fuzz::bytes_of(data, size);
    Import import;
    const auto read = [&] {
        Lines file(std::string(bytes.substr(flags)), "x.txt");
        import = import_measured(file, measurement(bytes));
    };
    if (fuzz::takes(read)) fuzz::dataset_comes_back(import.data);
    return 0;
}
