// What a system looks like: where its bodies are in the plane, and what holds them. The figures and the
// film are drawn from this alone.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "problem/problem.hpp"
#include "report/motions.hpp"

namespace lnn {

// places along both paths, [path][instant]
struct Body {
    std::array<std::vector<double>, 2> x, y;
};

struct Drawing {
    Picture kind = Picture::points;
    std::vector<double> lengths;  // of the rods; equal where none are known
    bool second = true;           // points: the second coordinate is of the kind of the first, and drawn
    std::optional<std::array<double, 2>> anchor;  // what the first link is fixed to
    std::string unit = "m";                       // of the plane

    std::string_view link() const;  // "rod", "spring" or "none"
    std::vector<Body> bodies(const Motion&) const;
};

Drawing drawing_of(const Problem&, const Motions&);

}  // namespace lnn
