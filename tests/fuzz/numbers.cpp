// A table of numbers that the report draws.
#include "files/lines.hpp"
#include "fuzz.hpp"
#include "report/number_table.hpp"

using namespace lnn;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::takes([&] {
        Lines lines(std::string(fuzz::bytes_of(data, size)), "x.csv");
        const NumberTable table = read_number_table(lines);
        fuzz::require(table.columns.size() == table.names.size(), "columns without names");
        for (const auto& column : table.columns)
            fuzz::require(column.size() == table.columns[0].size(), "a column of other rows");
    });
    return 0;
}
