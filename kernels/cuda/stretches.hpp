// Long jobs in short launches: so many instants at once that a launch takes about a tenth of a second, which keeps a
// card with a display alive.
#pragma once

#include <algorithm>
#include <chrono>

#include "cuda/device.hpp"
#include "many.hpp"

namespace lnn::cuda {

// start(stretch) launches the work on instants from + 1 .. to; once at least
template <class F>
void in_stretches(std::int64_t instants, F&& start) {
    constexpr double wanted = 0.1, growth = 16;  // s; no faster than that, from one instant on
    std::int64_t from = 0, count = 1;
    do {
        const Stretch stretch{from, std::min(instants, from + count)};
        const auto begin = std::chrono::steady_clock::now();
        start(stretch);
        check(cudaDeviceSynchronize(), "running a kernel");
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        count = std::max<std::int64_t>(1, std::int64_t(double(count) * std::min(growth, wanted / seconds)));
        from = stretch.to;
    } while (from < instants);
}

}  // namespace lnn::cuda
