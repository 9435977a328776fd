// Quantities along the truth and along the model, as figures show them: blue and solid, orange and dashed.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/motions.hpp"

namespace lnn {

// over the instants
struct Pair {
    std::string name;
    std::array<std::vector<double>, 2> along;
};

// the truth fills the frame, `smallest` wide at least; a model that runs away widens it by `reach` to each
// side (0: as wide again), no further
struct Frame {
    double low, high;
    bool cut;  // the model goes beyond it
};
Frame frame_of(std::span<const Pair>, double smallest, double reach = 0);
inline constexpr const char* frame_note = " The model leaves the frame.";

// a .csv: t, then truth and model of each quantity
std::string over_time(std::span<const Pair>, const Motion&);

// what follows "plot": columns x:y of the truth and of the model, in a file; `called`: the truth's name in the legend,
// empty for no legend
std::string plot(const std::string& file, std::string_view of_truth, std::string_view of_model,
                 std::string_view called);

std::string time_axis(const Motion&);

}  // namespace lnn
