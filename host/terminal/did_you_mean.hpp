// The nearest known name to a mistyped one.
// Distance: insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lnn {

// steps of editing between two names
int edit_distance(std::string_view a, std::string_view b);

// the candidate nearest to name, the first of equals; empty where all are more than a third of its letters
// away
std::string nearest(std::string_view name, std::span<const std::string> candidates);

// " (did you mean 'x'?)" to end an error line with; empty where nothing is near
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace lnn
