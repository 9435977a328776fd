// A table of numbers with named columns: what delimited text and .npz have in common.
//
// Text: rows of numbers, their fields parted by semicolons, commas, tabs or blanks, whichever of these, in this
// order, the first line has. Names stand in a first line without numbers, or in the comment above the rows. Comments
// begin with # or %. Errors name file:line:column.
// .npz: an array of shape (N) is a column, an array NAME of shape (N, n) is the columns NAME1 .. NAMEn; only those that
// are wanted are unpacked.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "files/lines.hpp"

namespace lnn {

inline constexpr std::size_t most_columns = 10000;  // that a table may have

struct Table {
    std::string where;                         // the file, for errors
    std::vector<std::string> names;            // (width); empty: the columns are only numbered
    std::size_t width = 0;                     // columns there are
    std::size_t rows = 0;                      // rows there are
    std::vector<std::vector<double>> columns;  // (width)(rows), finite; empty where nobody asked for it
    std::vector<std::size_t> lines;            // (rows) where each stands, from 1: lines of a text, rows of an .npz
    std::size_t header_line = 0;               // where the names stand, or the first row; of an .npz: 0

    std::string header_place() const;             // "FILE:LINE:1" or "FILE"
    std::string place(std::size_t row) const;     // "FILE:LINE" or "FILE: row N"
    std::string label(std::size_t column) const;  // its name, or "column N" counted from 1
};

// which columns are wanted, asked when names and width are known
using Choose = std::function<std::vector<std::size_t>(const Table&)>;

Table read_text_table(Lines& text, const Choose& choose);
Table read_npz_table(std::string_view bytes, const std::string& where, const Choose& choose);

// .npz by the name of the file or its first bytes; else it is text
bool is_npz(const Lines& file);

}  // namespace lnn
