// Random numbers keyed by what they are for: Philox 4x32-10 (Salmon et al. 2011, Random123) of (seed, stream, index).
// The same number on every machine, thread and backend, whatever is drawn before it.
#pragma once

#include <Random123/philox.h>

#include "lnn/elementary.hpp"

namespace lnn {

enum class Stream : std::uint32_t { states = 1, weights = 2, shuffle = 3, evaluation = 4, sweep = 5 };

inline namespace LNN_ISA {

// four 32-bit words
LNN_HD void random_words(std::uint64_t seed, Stream stream, std::uint64_t index, std::uint32_t block,
                         std::uint32_t (&words)[4]) {
    r123::Philox4x32 philox;
    const r123::Philox4x32::key_type key = {{std::uint32_t(seed), std::uint32_t(seed >> 32)}};
    const r123::Philox4x32::ctr_type counter = {
        {std::uint32_t(index), std::uint32_t(index >> 32), block, std::uint32_t(stream)}};
    const auto out = philox(counter, key);
    for (int i = 0; i < 4; ++i) words[i] = out[i];
}

// uniform in [0, 1) with 53 bits: number `k` of the stream at `index`
LNN_HD double uniform(std::uint64_t seed, Stream stream, std::uint64_t index, std::uint32_t k) {
    std::uint32_t w[4];
    random_words(seed, stream, index, k / 2, w);
    const std::uint64_t high = w[2 * (k % 2)], low = w[2 * (k % 2) + 1];
    return double((high << 32 | low) >> 11) * 0x1p-53;
}

// normal with mean 0 and deviation 1 (Box & Muller 1958): number `k` of the stream at `index`, made of the uniform
// numbers of its even and odd neighbour
LNN_HD double normal(std::uint64_t seed, Stream stream, std::uint64_t index, std::uint32_t k) {
    constexpr double two_pi = 0x1.921fb54442d18p+2;
    const double u = 1 - uniform(seed, stream, index, k / 2 * 2);  // never 0
    double s, c;
    sin_cos(two_pi * uniform(seed, stream, index, k / 2 * 2 + 1), s, c);
    const double radius = square_root(maximum(-2 * logarithm(u), 0.0));  // the logarithm of almost 1 may round above 0
    return radius * (k % 2 ? s : c);
}

}  // namespace LNN_ISA
}  // namespace lnn
