// The bound beside every speed: multiply-adds a core can do, from chains that do not wait for each other.
#pragma once

#include "lnn/real.hpp"

namespace lnn::inline LNN_ISA {

inline constexpr int fma_chain_count = 24;

// `rounds` times one fused product in each chain of full registers; returns the multiply-adds done. The sum of the
// chains goes to `sink`, so that nothing is left out.
template <Real R>
LNN_HD double fma_chains(std::int64_t rounds, double* sink) {
    constexpr int chains = fma_chain_count;
    R x[chains];
    for (int c = 0; c < chains; ++c) x[c] = R(ScalarOf<R>(1 + c));
    const R factor(ScalarOf<R>(0.999)), term(ScalarOf<R>(0.001));
    for (std::int64_t r = 0; r < rounds; ++r) {
        LNN_UNROLL_BY(24)
        for (int c = 0; c < chains; ++c) x[c] = mul_add(x[c], factor, term);
    }
    R sum(0);
    for (int c = 0; c < chains; ++c) sum = sum + x[c];
    *sink = double(lane(sum, 0));
    return double(rounds) * chains * width_of<R>;
}

}  // namespace lnn::inline LNN_ISA
