#include "terminal/did_you_mean.hpp"

#include <algorithm>
#include <vector>

namespace lnn {

int edit_distance(std::string_view a, std::string_view b) {
    // rows i - 2, i - 1 and i of the table of distances between the first i letters of a and the first j of b
    std::vector<int> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::swap(before, above);
        std::swap(above, row);
        row[0] = static_cast<int>(i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
    std::string best;
    int least = std::max(1, static_cast<int>(name.size()) / 3) + 1;
    for (const std::string& candidate : candidates) {
        const int distance = edit_distance(name, candidate);
        if (distance < least) {
            least = distance;
            best = candidate;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
    const std::string found = nearest(name, candidates);
    return found.empty() ? "" : " (did you mean '" + found + "'?)";
}

}  // namespace lnn
