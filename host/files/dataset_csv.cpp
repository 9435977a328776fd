// CSV datasets: a header line q1..qn, v1..vn, a1..an (any order; a may be absent), t and trajectory where
// known, further columns ignored with a note; then a line of numbers a sample.
#include <fmt/format.h>

#include "files/columns.hpp"
#include "files/dataset.hpp"
#include "files/lines.hpp"
#include "files/table.hpp"
#include "lnn/error.hpp"

namespace lnn {

LoadedDataset read_csv_dataset(Lines& text) {
    Columns columns;
    Table table = read_text_table(text, [&columns](const Table& header) {
        columns = named_columns(header);
        if (columns.v.empty())
            throw Error(Exit::file, fmt::format("{}: column 'v1' is missing; lnn_gpu data import derives velocities "
                                                "from positions and times",
                                                header.header_place()));
        return columns.all();
    });
    LoadedDataset loaded{samples_in(table, columns), {}};
    if (columns.angles) loaded.data.angles = loaded.data.dof < 32 ? (1u << loaded.data.dof) - 1 : ~0u;
    if (const auto unused = columns.unused(table); !unused.empty())
        loaded.notes.push_back(fmt::format("{}: columns ignored: {}", table.where, fmt::join(unused, ", ")));
    return loaded;
}

}  // namespace lnn
