// Rows of samples to and from the lanes of a Real.
#pragma once

#include "lnn/real.hpp"

namespace lnn::inline LNN_ISA {

// values first, first + 1, ... of a row of `count`; lanes beyond the end repeat the last value
template <class R, class S>
LNN_HD R load_row(const S* row, std::int64_t first, std::int64_t count) {
    constexpr int W = width_of<R>;
    if (first + W <= count) return load<R>(row + first);
    S lanes[W];
    for (int i = 0; i < W; ++i) lanes[i] = row[first + i < count ? first + i : count - 1];
    return load<R>(lanes);
}

// lanes whose sample, of which that of the first lane is number `first`, is one of `count`
template <class R>
LNN_HD MaskOf<R> active_lanes(int first, int count) {
    ScalarOf<R> number[width_of<R>];
    for (int w = 0; w < width_of<R>; ++w) number[w] = ScalarOf<R>(first + w);
    return load<R>(number) < R(ScalarOf<R>(count));
}

template <class R, class S>
LNN_HD void store_row(S* row, std::int64_t first, std::int64_t count, R x) {
    constexpr int W = width_of<R>;
    if (first + W <= count) {
        store(row + first, x);
        return;
    }
    S lanes[W];
    store(lanes, x);
    for (int i = 0; first + i < count; ++i) row[first + i] = lanes[i];
}

}  // namespace lnn::inline LNN_ISA
