// A job cut into slices gives the same bits as in one piece.
#include "doors.hpp"
#include "lnn/random.hpp"

namespace lnn {
namespace {

using Slices = EachDoor;
LNN_EACH_DOOR(Slices);

TEST_P(Slices, OneTwoFourStepsAreSeven) {
    for (const int models : {1, 3})
        for (const int batch : {3, 33, 70})
            for (const int threads : {1, 2}) {
                const auto team = door(isa, threads);
                Training whole(*team, nets(2, models), batch, 7, precision);
                Training cut = whole;
                whole.run(*team, 0, 7);
                Numbers losses(models * 7);
                std::vector<std::int64_t> conditions(models * condition_bins);
                std::int64_t from = 0;
                for (const int count : {1, 2, 4}) {
                    cut.run(*team, from, count);
                    for (int m = 0; m < models; ++m)
                        for (int k = 0; k < count; ++k) losses[m * 7 + from + k] = cut.report.loss[m * count + k];
                    for (std::size_t b = 0; b < conditions.size(); ++b) conditions[b] += cut.report.condition[b];
                    from += count;
                }
                EXPECT_TRUE(same_bits(whole.weights, cut.weights));
                EXPECT_TRUE(same_bits(whole.first, cut.first));
                EXPECT_TRUE(same_bits(whole.second, cut.second));
                EXPECT_TRUE(same_bits(whole.average, cut.average));
                EXPECT_TRUE(same_bits(whole.report.loss, losses));
                EXPECT_EQ(whole.report.condition, conditions);
                EXPECT_EQ(whole.applied, cut.applied);
            }
}

TEST_P(Slices, NoStepsChangeNothing) {
    Training training(*backend, nets(2, 2), 4, 0, Precision::f64);
    const Training before = training;
    training.run(*backend, 0, 0);
    EXPECT_TRUE(same_bits(training.weights, before.weights));
    EXPECT_TRUE(training.report.loss.empty());
}

// a trajectory goes on from where it was
TEST_P(Slices, TrajectoriesGoOn) {
    const Nets net = nets(2, 1);
    const Numbers x = states(2, 9);
    const std::size_t size = x.size();
    const Numbers whole = rollout(*backend, net, precision, Precision::f64, {.dt = 0.05, .instants = 6}, x);
    const Numbers half = rollout(*backend, net, precision, Precision::f64, {.dt = 0.05, .instants = 3}, x);
    const Numbers rest = rollout(*backend, net, precision, Precision::f64, {.dt = 0.05, .instants = 3},
                                 Numbers(half.end() - size, half.end()));
    EXPECT_TRUE(same_bits(Numbers(whole.begin(), whole.begin() + 4 * size), half));
    EXPECT_TRUE(same_bits(Numbers(whole.begin() + 3 * size, whole.end()), rest));
    EXPECT_TRUE(same_bits(x, Numbers(whole.begin(), whole.begin() + size)));
    // and 2 steps between instants are the instants left out
    const Numbers every_second =
        rollout(*backend, net, precision, Precision::f64, {.dt = 0.1, .substeps = 2, .instants = 3}, x);
    EXPECT_TRUE(
        same_bits(Numbers(every_second.end() - size, every_second.end()), Numbers(whole.end() - size, whole.end())));
}

TEST_P(Slices, DrawsAreKeyedByTheirIndex) {
    Draw draw{.seed = 12345678901};
    for (int i = 0; i < 4; ++i) draw.low[i] = -1.0 - i, draw.high[i] = 0.5 + i;
    Numbers whole(4 * 50), part(4 * 20);
    backend->draw(draw, 2, 100, 50, whole);
    backend->draw(draw, 2, 117, 20, part);
    EXPECT_TRUE(same_bits(part, columns(whole, 50, 17, 20)));
    for (int row = 0; row < 4; ++row)
        for (int s = 0; s < 50; ++s)
            EXPECT_EQ(whole[row * 50 + s], draw.low[row] + (draw.high[row] - draw.low[row]) *
                                                               uniform(draw.seed, Stream::states, 100 + s, row));
}

}  // namespace
}  // namespace lnn
