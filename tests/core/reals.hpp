// The Reals that typed tests run on, and rows of scalars through them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "lnn/pack.hpp"

namespace lnn {

#ifdef __AVX2__
// a program for one instruction set (tests/core/CMakeLists.txt): its own registers, and the narrow one of small batches
using Reals = testing::Types<Pack<float, register_bytes / 4>, Pack<double, register_bytes / 8>, Pack<float, 4>>;
#elif defined(__SANITIZE_ADDRESS__)
// whose builds take minutes for each width: those of the portable lanes
using Reals = testing::Types<float, double, Pack<float, 4>, Pack<double, 2>>;
#else
// every width there is
using Reals = testing::Types<float, double, Pack<float, 4>, Pack<float, 8>, Pack<float, 16>, Pack<double, 2>,
                             Pack<double, 4>, Pack<double, 8>>;
#endif

template <class T>
inline constexpr T eps = std::numeric_limits<T>::epsilon();

// numbers scattered through [low, high], the same in every run
template <class T>
std::vector<T> scattered(double low, double high, int count, unsigned seed = 1) {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> number(low, high);
    std::vector<T> x;
    for (int i = 0; i < count; ++i) x.push_back(T(number(engine)));
    return x;
}

// f(R) -> R on each number of a row, width_of<R> at a time
template <class R, class F>
std::vector<ScalarOf<R>> through(std::vector<ScalarOf<R>> x, F&& f) {
    const std::size_t size = x.size();
    x.resize((size + width_of<R> - 1) / width_of<R> * width_of<R>, ScalarOf<R>(0.5));
    for (std::size_t i = 0; i < x.size(); i += width_of<R>) store(&x[i], f(load<R>(&x[i])));
    x.resize(size);
    return x;
}

// the same number: equal bits, or both NaN
template <class T>
bool same(T a, T b) {
    return bits(a) == bits(b) || (std::isnan(a) && std::isnan(b));
}

}  // namespace lnn
