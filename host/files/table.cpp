#include "files/table.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <numeric>

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
        std::string array;
        std::size_t column, width;
        std::string error;  // why it cannot be read, which matters only if it is asked for
    };
    const Npz archive(bytes, where);
    Table table;
    table.where = where;
    std::vector<Origin> origins;
    for (const auto& [name, index] : archive.members()) {
        const std::string part = fmt::format("{}: {}", where, name);
        std::size_t width = 1;
        std::string unreadable;
        bool numbered = false;
        try {
            const std::vector<std::size_t> shape = archive.header(name).shape;
            if (shape.size() != 1 && shape.size() != 2)
                throw Error(Exit::file, fmt::format("{} has shape {}, not (N) or (N, n); save one row a sample", part,
                                                    shape_text(shape)));
            numbered = shape.size() == 2;
            if (numbered) width = shape[1];
        } catch (const Error& error) {
            unreadable = error.what();
        }
        if (width > most_columns - table.names.size())
            throw Error(Exit::file,
                        fmt::format("{}: more than {} columns, with those of {}; save one row a sample, one "
                                    "column a coordinate",
                                    where, most_columns, name));
        for (std::size_t c = 0; c < width; ++c) {
            table.names.push_back(numbered ? fmt::format("{}{}", name, c + 1) : name);
            origins.push_back({name, c, width, unreadable});
        }
    }
    table.width = table.names.size();
    table.columns.resize(table.width);

    std::size_t first = table.width;  // the column that says how many rows there are
    std::map<std::string, Array> arrays;
    for (const std::size_t at : choose(table)) {
        const Origin& origin = origins[at];
        if (!origin.error.empty()) throw Error(Exit::file, origin.error);
        if (!arrays.contains(origin.array)) {
            arrays[origin.array] = archive.read(origin.array);
            require_finite(arrays[origin.array], fmt::format("{}: {}", where, origin.array));
        }
        const Array& array = arrays[origin.array];
        const std::size_t rows = array.shape[0];
        if (first == table.width) {
            first = at;
            table.rows = rows;
        }
        if (rows != table.rows)
            throw Error(Exit::file, fmt::format("{}: {} has {} rows, but {} has {}; save one row a sample", where,
                                                table.names[at], rows, table.names[first], table.rows));
        table.columns[at].reserve(rows);
        for (std::size_t row = 0; row < rows; ++row)
            table.columns[at].push_back(array.values[row * origin.width + origin.column]);
    }
    if (table.rows == 0)
        throw Error(Exit::file, fmt::format("{}: {} has no rows; save one row a sample", where,
                                            first == table.width ? "it" : table.names[first]));
    table.lines.resize(table.rows);
    std::iota(table.lines.begin(), table.lines.end(), std::size_t(1));
    return table;
}

}  // namespace lnn
