#include "compare/equal_weights.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "problem/network.hpp"

namespace lnn {

std::vector<int> equal_weights(const ModelSpec& model, std::size_t wanted) {
    constexpr int widest = 4096;  // what model.hidden allows
    ModelSpec best = model;
    std::int64_t least = INT64_MAX;
    const auto consider = [&](const ModelSpec& tried) {
        const std::int64_t off = std::abs(std::int64_t(parameter_count(tried)) - std::int64_t(wanted));
        if (off < least) least = off, best = tried;
    };
    for (int width = 1; width <= widest; ++width) {
        ModelSpec tried = model;
        for (int l = 0; l < model.depth; ++l)
            tried.hidden[l] =
                std::clamp(int(std::lround(double(model.hidden[l]) * width / model.hidden[0])), 1, widest);
        consider(tried);
    }
    // narrow layers are far apart: one of them may differ
    const ModelSpec alike = best;
    for (int l = 0; l < model.depth; ++l)
        for (int width = std::max(1, alike.hidden[l] / 2); width <= std::min(widest, 2 * alike.hidden[l]); ++width) {
            ModelSpec tried = alike;
            tried.hidden[l] = width;
            consider(tried);
        }
    return {best.hidden.begin(), best.hidden.begin() + best.depth};
}

}  // namespace lnn
