// Rows of a data set by trial and time: which belong to one motion, where its recording has gaps, and which come last.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "files/dataset.hpp"

namespace lnn {

// rows first .. last - 1 of a data set
struct Stretch {
    std::size_t first, last;
    std::size_t samples() const { return last - first; }
};

// a step longer than this many median steps is a gap
inline constexpr double longest_step = 1.5;

// the number of the motion each row belongs to: `trial` where it is known, else `trajectory`; empty: there is one
// motion
const std::vector<std::int64_t>& motions(const Dataset&);

// rows of a motion one after the other, in the order of the file; returns where each row was
std::vector<std::size_t> gather_motions(Dataset&);
std::vector<Stretch> motions_of(const Dataset&);  // gathered; one motion after the other

// a motion between the gaps in its times, which must rise
std::vector<Stretch> segments_of(const Dataset&, const Stretch& motion, double gap = longest_step);

// these rows alone, in this order
Dataset rows_of(const Dataset&, const std::vector<std::size_t>& rows);

// what is learned from and what is held out: `share` of the span of times (without times: of the rows), at its end or at
// its start
enum class HeldOut { end, start };
std::pair<Dataset, Dataset> hold_out(const Dataset&, double share, HeldOut = HeldOut::end);

}  // namespace lnn
