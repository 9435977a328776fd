#include "report/number_table.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "files/lines.hpp"
#include "lnn/error.hpp"

namespace lnn {

namespace {

std::vector<std::string_view> cells_of(std::string_view line) {
    std::vector<std::string_view> cells;
    for (std::size_t comma; (comma = line.find(',')) != line.npos; line.remove_prefix(comma + 1))
        cells.push_back(line.substr(0, comma));
    cells.push_back(line);
    return cells;
}

}  // namespace

NumberTable read_number_table(const std::filesystem::path& path) {
    Lines lines(path);
    return read_number_table(lines);
}

NumberTable read_number_table(Lines& lines) {
    std::string_view line;
    const auto fail = [&](const char* what) {
        throw Error(Exit::file, fmt::format("{}:{}: {}; evaluate the run again", lines.where(),
                                            std::max<std::size_t>(lines.number(), 1), what));
    };
    NumberTable table;
    if (lines.next(line))
        for (const std::string_view name : cells_of(line)) table.names.emplace_back(name);
    table.columns.resize(table.names.size());
    while (lines.next(line)) {
        const auto cells = cells_of(line);
        if (cells.size() != table.columns.size()) fail("malformed row");
        for (std::size_t i = 0; i < cells.size(); ++i) {
            double value = 0;
            const auto [end, error] = std::from_chars(cells[i].begin(), cells[i].end(), value);
            if (error != std::errc() || end != cells[i].end()) fail("malformed number");
            table.columns[i].push_back(value);
        }
    }
    if (table.columns.empty() || table.columns[0].empty()) fail("no rows");
    return table;
}

}  // namespace lnn
