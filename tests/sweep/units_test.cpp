// The models of a sweep: their numbers, which of them train together, and that this changes no bit.
#include "sweep/units.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "config/load.hpp"

namespace lnn {
namespace {

using Ids = std::vector<std::int64_t>;

Plan plan(const std::string& grid, std::vector<Setting> more = {}) {
    std::vector<Setting> settings = {{"model.hidden", "[6,5]", "test"},      {"train.optimizer", "adam", "test"},
                                     {"train.steps", "40", "test"},          {"train.batch", "4", "test"},
                                     {"sweep.grid", '"' + grid + '"', "test"}};
    settings.insert(settings.end(), more.begin(), more.end());
    return Plan(load({"guarded", "", settings, false}));
}

Ids all_of(const Plan& plan) {
    Ids ids(plan.units());
    std::iota(ids.begin(), ids.end(), 0);
    return ids;
}

TEST(Units, SeedsAreFastestThenTheLastOfTheGrid) {
    const Plan p = plan("train.lr=1e-2,1e-3; train.batch=4,8,16", {{"run.seeds", "2", "test"}, {"run.seed", "7", "test"}});
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

TEST(Units, WhatIsEachModelsOwnTrainsTogether) {
    const Plan own = plan("train.lr=1e-2,1e-3; train.ema=0.0,0.9", {{"run.seeds", "2", "test"}});
    EXPECT_EQ(pieces(own, all_of(own), 100).size(), 1u);
    EXPECT_EQ(pieces(own, all_of(own), 3).size(), 3u);
    const Plan shapes = plan("train.batch=4,8; train.lr=1e-2,1e-3");
    EXPECT_EQ(pieces(shapes, all_of(shapes), 100), (std::vector<Ids>{{0, 1}, {2, 3}}));
    const Plan guards = plan("train.guard=rollback,skip,none");  // who goes back is asked of a whole piece
    EXPECT_EQ(pieces(guards, all_of(guards), 100), (std::vector<Ids>{{0}, {1, 2}}));
}

TEST(Units, EachRungHasTwiceTheSteps) {
    const Plan p = plan("train.lr=1e-2,1e-3", {{"sweep.halving", "3", "test"}});
    EXPECT_EQ(p.config(0, 0).train.steps, 10);
    EXPECT_EQ(p.config(0, 1).train.steps, 20);
    EXPECT_EQ(p.config(0, 2).train.steps, 40);
    EXPECT_EQ(p.config(0).train.steps, 40);
}

TEST(Units, AModelDoesNotDependOnItsPiece) {
    const Plan p = plan("train.lr=1e-2,1e-3; train.ema=0.0,0.9; train.clip=0.0,1.0", {{"train.guard", "skip", "test"}});
    const auto backend = make_cpu_backend({.threads = 1});
    const auto together = train_piece(*backend, p, 0, all_of(p));
    ASSERT_TRUE(together);
    for (const std::int64_t id : all_of(p)) {
        const auto alone = train_piece(*backend, p, 0, Ids{id});
        ASSERT_TRUE(alone);
        EXPECT_EQ((*alone)[0].network.weights, (*together)[id].network.weights) << id;
        EXPECT_EQ((*alone)[0].relative_error, (*together)[id].relative_error) << id;
        EXPECT_EQ((*alone)[0].loss, (*together)[id].loss) << id;
    }
    EXPECT_NE((*together)[0].network.weights, (*together)[2].network.weights);
}

}  // namespace
}  // namespace lnn
