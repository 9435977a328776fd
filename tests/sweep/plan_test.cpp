// The models of a sweep: their numbers and their configurations.
#include "sweep/plan.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "plans.hpp"

namespace lnn {
namespace {

TEST(Plan, SeedsAreFastestThenTheLastOfTheGrid) {
    const Plan p =
        plan("train.lr=1e-2,1e-3; train.batch=4,8,16", {{"run.seeds", "2", "test"}, {"run.seed", "7", "test"}});
    ASSERT_EQ(p.units(), 12);
    EXPECT_EQ(p.seed(0), 7u);
    EXPECT_EQ(p.seed(1), 8u);
    EXPECT_EQ(p.config(3).train.batch, 8);
    EXPECT_EQ(p.config(3).train.lr, 1e-2);
    EXPECT_EQ(p.config(6).train.lr, 1e-3);
    EXPECT_EQ(p.config(11).train.batch, 16);
    EXPECT_EQ(p.config(11).run.seed, 8u);
    EXPECT_EQ(p.config(11).run.seeds, 1);
}

TEST(Plan, EachRungHasTwiceTheSteps) {
    const Plan p = plan("train.lr=1e-2,1e-3", {{"sweep.halving", "3", "test"}});
    EXPECT_EQ(p.config(0, 0).train.steps, 10);
    EXPECT_EQ(p.config(0, 1).train.steps, 20);
    EXPECT_EQ(p.config(0, 2).train.steps, 40);
    EXPECT_EQ(p.config(0).train.steps, 40);
}

TEST(Plan, SettingsAreWhatIsSwept) {
    const Plan p = plan("train.lr=1e-2,1e-3; model.hidden=[4],[5,6]");
    EXPECT_EQ(p.settings(3).dump(), R"({"train.lr":0.001,"model.hidden":[5,6]})");
}

}  // namespace
}  // namespace lnn
