#include "report/scores.hpp"

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

Scores read_scores(const std::filesystem::path& path) {
    constexpr std::string_view stem = "mse_";
    Lines lines(path);
    std::string_view line;
    const auto fail = [&](const char* what) {
        throw Error(Exit::file, fmt::format("{}:{}: {}; evaluate the run again", path.string(),
                                            std::max<std::size_t>(lines.number(), 1), what));
    };
    Scores scores;
    std::vector<std::size_t> columns;
    std::size_t width = 0;
    if (lines.next(line)) {
        const auto names = cells_of(line);
        width = names.size();
        for (std::size_t i = 0; i < width; ++i)
            if (names[i].starts_with(stem)) {
                columns.push_back(i);
                scores.names.emplace_back(names[i].substr(stem.size()));
            }
    }
    if (columns.empty()) fail("no columns mse_...");
    scores.mse.resize(columns.size());
    while (lines.next(line)) {
        const auto cells = cells_of(line);
        if (cells.size() != width) fail("malformed row");
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const std::string_view cell = cells[columns[i]];
            double value = 0;
            const auto [end, error] = std::from_chars(cell.begin(), cell.end(), value);
            if (error != std::errc() || end != cell.end()) fail("malformed number");
            scores.mse[i].push_back(value);
        }
    }
    if (scores.mse[0].empty()) fail("no rows");
    return scores;
}

}  // namespace lnn
