// The first line is what --columns says, the rest a file.
#include "dataset.hpp"
#include "files/measured.hpp"

using namespace lnn;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::bytes_of(data, size);
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    Measurement how;
    how.columns = bytes.substr(0, end);
    Import import;
    const auto read = [&] {
        Lines file(std::string(bytes.substr(std::min(end + 1, bytes.size()))), "x.txt");
        import = import_measured(file, how);
    };
    if (fuzz::takes(read)) fuzz::dataset_comes_back(import.data);
    return 0;
}
