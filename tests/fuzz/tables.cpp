// Delimited text as a data set, and every column of it as a number.
#include <numeric>

#include "dataset.hpp"
#include "files/table.hpp"

using namespace lnn;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::bytes_of(data, size));
    LoadedDataset loaded;
    const auto load = [&] {
        Lines file(text, "x.csv");
        loaded = load_dataset(file);
    };
    if (fuzz::takes(load)) fuzz::dataset_comes_back(loaded.data);

    fuzz::takes([&] {
        Lines file(text, "x.csv");
        const Table table = read_text_table(file, [](const Table& header) {
            std::vector<std::size_t> all(header.width);
            std::iota(all.begin(), all.end(), 0);
            return all;
        });
        for (const auto& column : table.columns) fuzz::require(column.size() == table.rows, "a column of other rows");
    });
    return 0;
}
