#include "files/table.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <numeric>

#include "files/npy.hpp"
#include "files/npz.hpp"
#include "lnn/error.hpp"

namespace lnn {

std::string Table::header_place() const {
    return header_line == 0 ? where : fmt::format("{}:{}:1", where, header_line);
}

std::string Table::place(std::size_t row) const {
    return fmt::format("{}:{}{}", where, header_line == 0 ? " row " : "", lines[row]);
}

std::string Table::label(std::size_t column) const {
    return names.empty() ? fmt::format("column {}", column + 1) : names[column];
}

bool is_npz(const Lines& file) {
    return std::filesystem::path(file.where()).extension() == ".npz" || file.ahead().starts_with("PK\x03\x04");
}

Table read_npz_table(std::string_view bytes, const std::string& where, const Choose& choose) {
    struct Origin {
        std::shared_ptr<const Array> array;
        std::size_t column, width;
        std::string error;  // why it could not be read, which matters only if it is asked for
    };
    Table table;
    table.where = where;
    std::vector<Origin> origins;
    for (const auto& [name, member] : unpack_npz(bytes, where)) {
        const std::string part = fmt::format("{}: {}", where, name);
        try {
            const auto array = std::make_shared<const Array>(decode_npy(member, part));
            const std::size_t dimensions = array->shape.size();
            if (dimensions != 1 && dimensions != 2)
                throw Error(Exit::file, fmt::format("{} has shape {}, not (N) or (N, n); save one row a sample", part,
                                                    shape_text(array->shape)));
            const std::size_t width = dimensions == 1 ? 1 : array->shape[1];
            for (std::size_t c = 0; c < width; ++c) {
                table.names.push_back(dimensions == 1 ? name : fmt::format("{}{}", name, c + 1));
                origins.push_back({array, c, width, ""});
            }
        } catch (const Error& error) {
            table.names.push_back(name);
            origins.push_back({nullptr, 0, 1, error.what()});
        }
    }
    table.width = table.names.size();
    table.columns.resize(table.width);

    std::size_t first = table.width;  // the column that says how many rows there are
    for (const std::size_t at : choose(table)) {
        const Origin& origin = origins[at];
        if (!origin.array) throw Error(Exit::file, origin.error);
        require_finite(*origin.array, fmt::format("{}: {}", where, table.names[at]));
        const std::size_t rows = origin.array->shape[0];
        if (first == table.width) {
            first = at;
            table.rows = rows;
        }
        if (rows != table.rows)
            throw Error(Exit::file, fmt::format("{}: {} has {} rows, but {} has {}; save one row a sample", where,
                                                table.names[at], rows, table.names[first], table.rows));
        for (std::size_t row = 0; row < rows; ++row)
            table.columns[at].push_back(origin.array->values[row * origin.width + origin.column]);
    }
    table.lines.resize(table.rows);
    std::iota(table.lines.begin(), table.lines.end(), std::size_t(1));
    return table;
}

}  // namespace lnn
