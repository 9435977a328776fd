// Models trained side by side: which of them are, and that this changes no bit.
#include "sweep/piece.hpp"

#include <gtest/gtest.h>

#include "plans.hpp"

namespace lnn {
namespace {

TEST(Piece, WhatIsEachModelsOwnTrainsTogether) {
    const Plan own = plan("train.lr=1e-2,1e-3; train.ema=0.0,0.9", {{"run.seeds", "2", "test"}});
    EXPECT_EQ(pieces(own, all_of(own), 100).size(), 1u);
    EXPECT_EQ(pieces(own, all_of(own), 3).size(), 3u);
    const Plan shapes = plan("train.batch=4,8; train.lr=1e-2,1e-3");
    EXPECT_EQ(pieces(shapes, all_of(shapes), 100), (std::vector<Ids>{{0, 1}, {2, 3}}));
    const Plan guards = plan("train.guard=rollback,skip,none");  // who goes back is asked of a whole piece
    EXPECT_EQ(pieces(guards, all_of(guards), 100), (std::vector<Ids>{{0}, {1, 2}}));
}

TEST(Piece, AModelDoesNotDependOnItsPiece) {
    const Plan p = plan("train.lr=1e-2,1e-3; train.ema=0.0,0.9; train.clip=0.0,1.0", {{"train.guard", "skip", "test"}});
    const auto backend = make_cpu_backend({.threads = 1});
    const auto together = train_piece(*backend, p, 0, all_of(p));
    ASSERT_TRUE(together);
    for (const std::int64_t id : all_of(p)) {
        const auto alone = train_piece(*backend, p, 0, Ids{id});
        ASSERT_TRUE(alone);
        EXPECT_EQ((*alone)[0].network.weights, (*together)[id].network.weights) << id;
        EXPECT_EQ((*alone)[0].row.relative_error, (*together)[id].row.relative_error) << id;
        EXPECT_EQ((*alone)[0].row.loss, (*together)[id].row.loss) << id;
    }
    EXPECT_NE((*together)[0].network.weights, (*together)[2].network.weights);
}

}  // namespace
}  // namespace lnn
