// Who goes on to the next rung, and with how many steps.
#include "sweep/halving.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace lnn {
namespace {

using Ids = std::vector<std::int64_t>;

Row row(std::int64_t id, int rung, double relative_error) {
    Row row{.id = id, .settings = {}, .rung = rung};
    row.relative_error = relative_error;
    return row;
}

TEST(Halving, TheBetterHalfIsOfOneRungAndRoundedUp) {
    const std::vector<Row> rows = {row(0, 0, 0.9), row(1, 0, 0.1), row(1, 1, 0.01),
                                   row(2, 0, 0.5), row(3, 0, NAN), row(4, 0, 0.2)};
    EXPECT_EQ(better_half(rows, 0), (Ids{1, 2, 4}));
    EXPECT_EQ(better_half(rows, 1), (Ids{1}));
    EXPECT_EQ(better_half({row(0, 0, NAN), row(1, 0, NAN)}, 0), Ids{});
}

TEST(Halving, EachRungHasTwiceTheStepsOfTheOneBefore) {
    for (int rung = 0; rung < 4; ++rung) {
        Config::Train train;
        train.steps = 80, train.epochs = 0, train.lm.iterations = 3;
        share_of_rung(train, rung, 4);
        EXPECT_EQ(train.steps, 10 << rung);
        EXPECT_EQ(train.epochs, 0);
        EXPECT_EQ(train.lm.iterations, rung == 3 ? 3 : 1);
    }
}

}  // namespace
}  // namespace lnn
