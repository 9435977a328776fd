#include "report/scores.hpp"

#include <fmt/format.h>

#include "lnn/error.hpp"
#include "report/number_table.hpp"

namespace lnn {

Scores read_scores(const std::filesystem::path& path) {
    constexpr std::string_view stem = "mse_";
    NumberTable table = read_number_table(path);
    Scores scores;
    for (std::size_t i = 0; i < table.names.size(); ++i)
        if (table.names[i].starts_with(stem)) {
            scores.names.push_back(table.names[i].substr(stem.size()));
            scores.mse.push_back(std::move(table.columns[i]));
        }
    if (scores.names.empty())
        throw Error(Exit::file, fmt::format("{}:1: no columns mse_...; evaluate the run again", path.string()));
    return scores;
}

}  // namespace lnn
