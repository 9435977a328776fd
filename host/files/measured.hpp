// A person's own measured trajectories to a data set: columns found, units brought to rad, s; motions kept apart and cut
// at gaps in time; angles unwrapped; derivatives that were not measured taken from what was.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "files/dataset.hpp"
#include "files/savitzky_golay.hpp"
#include "files/segments.hpp"

namespace lnn {

// how a file is to be understood
struct Measurement {
    std::string columns;     // "q1=NAME,...,t=NAME"; empty: by their names
    std::optional<int> dof;  // coordinates there have to be
    std::optional<std::vector<int>>
        angles;                 // coordinates that are angles, from 1; none given: those with names of angles
    bool degrees = false;       // angles and their derivatives are in degrees
    double seconds = 1;         // of a unit of the time column
    double gap = longest_step;  // times the median step of a motion: a longer step parts segments
    SavitzkyGolay filter;
};

struct Import {
    Dataset data;                                       // one trajectory a segment, numbered from 0
    std::vector<std::string> notes;                     // what was done and left out, a line each
    std::size_t trials = 0, gaps = 0;                   // in the file
    std::size_t short_segments = 0, short_samples = 0;  // dropped: too few samples for a derivative
    std::size_t unwrapped = 0;                          // jumps of an angle by a turn that were taken back
    std::vector<std::string> derived;                   // "v1", "a1", ...
};

// .npz, or delimited text by the name or the first bytes of the file
Import import_measured(const std::filesystem::path& path, const Measurement& how);
Import import_measured(Lines& file, const Measurement& how);

}  // namespace lnn
