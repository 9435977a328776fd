#include "terminal/did_you_mean.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lnn {

TEST(EditDistance, CountsEachKindOfSlipOnce) {
    EXPECT_EQ(edit_distance("", ""), 0);
    EXPECT_EQ(edit_distance("", "abc"), 3);
    EXPECT_EQ(edit_distance("epochs", "epoch"), 1);    // left out
    EXPECT_EQ(edit_distance("epochs", "eepochs"), 1);  // doubled
    EXPECT_EQ(edit_distance("epochs", "epocha"), 1);   // wrong
    EXPECT_EQ(edit_distance("trian", "train"), 1);     // swapped
    EXPECT_EQ(edit_distance("ca", "abc"), 3);          // no edit inside a swap
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
}

TEST(Nearest, PrefersTheClosest) {
    const std::vector<std::string> names = {"rollout", "run", "report"};
    EXPECT_EQ(nearest("reprot", names), "report");
    EXPECT_EQ(nearest("rn", names), "run");
    EXPECT_EQ(did_you_mean("rolout", names), " (did you mean 'rollout'?)");
}

TEST(Nearest, IsSilentWhereNothingIsNear) {
    const std::vector<std::string> names = {"rollout", "run", "report"};
    EXPECT_EQ(nearest("xyzzy", names), "");
    EXPECT_EQ(nearest("", names), "");
    EXPECT_EQ(nearest("run", {}), "");
    EXPECT_EQ(did_you_mean("train", names), "");
}

}  // namespace lnn
