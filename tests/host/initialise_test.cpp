// First weights of a network: their bits.
#include "initialise.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lnn {
namespace {

ModelSpec network_of(int dof, const std::vector<int>& hidden, unsigned angles) {
    ModelSpec spec;
    spec.dof = dof;
    spec.depth = int(hidden.size());
    std::copy(hidden.begin(), hidden.end(), spec.hidden.begin());
    spec.angles = angles;
    return spec;
}

// No library of mathematics has a say in them: three numbers whose last digits differed with the C library's functions.
TEST(InitialWeights, HaveTheSameBitsEverywhere) {
    const auto weights = initial_weights(network_of(2, {4, 4}, 0b11), "lnn-seed", 5);
    EXPECT_EQ(weights[3], 0x1.1b24c242d3fcdp-5);
    EXPECT_EQ(weights[4], 0x1.25f74ad6b7bf2p-3);
    EXPECT_EQ(weights[5], 0x1.3108f536bbf8dp-3);
}

}  // namespace
}  // namespace lnn
