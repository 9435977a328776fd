// Which columns of a table are positions, velocities, accelerations, times and numbers of trajectories.
// By their names q1.., v1.., a1.., t, trajectory, by others that people give them, or as told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "files/dataset.hpp"
#include "files/table.hpp"

namespace lnn {

struct Columns {
    std::vector<std::size_t> q, v, a;  // (n) places in the table; v and a: n, or none
    std::optional<std::size_t> t, trajectory;
    bool angles = false;  // the positions go by the name of an angle

    std::vector<std::size_t> all() const;
    // the names of the other columns
    std::vector<std::string> unused(const Table&) const;
};

// by their names; Exit::file where the table names no positions, or some of a kind are missing
Columns named_columns(const Table&);

// "q1=NAME,v1=NAME,...,t=NAME,trajectory=NAME", and no others; NAME is of the table, or a number from 1.
// Exit::usage where it cannot be read, Exit::file where the table has no such column
Columns told_columns(const Table&, const std::string& told);

// the samples in these columns, which are moved out of the table
Dataset samples_in(Table&, const Columns&);

// "q1" -> ('q', 1); the number is 0 where the name is none of this kind
int number_in(std::string_view name, std::string_view stem);

// "q1,q2" -> 1, 2; "none" -> nothing. Exit::usage, naming `origin`, where it is neither; and back
std::vector<int> coordinate_numbers(const std::string& text, std::string_view origin);
std::string coordinate_names(std::uint32_t which);

}  // namespace lnn
