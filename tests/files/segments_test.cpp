#include "files/segments.hpp"

#include <gtest/gtest.h>

namespace lnn {
namespace {

using Numbers = std::vector<double>;

// q tells the rows apart
Dataset recorded(Numbers t, std::vector<std::int64_t> trajectory) {
    Dataset data;
    data.dof = 1;
    data.samples = t.size();
    for (std::size_t row = 0; row < t.size(); ++row) data.q.push_back(double(row)), data.v.push_back(-double(row));
    data.t = std::move(t);
    data.trajectory = std::move(trajectory);
    return data;
}

std::vector<std::pair<std::size_t, std::size_t>> ends(const std::vector<Stretch>& stretches) {
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (const Stretch& s : stretches) pairs.emplace_back(s.first, s.last);
    return pairs;
}

TEST(Segments, MotionsAreGatheredInTheOrderOfTheFile) {
    Dataset data = recorded({0, 0, 1, 1, 2}, {7, 3, 7, 3, 3});
    EXPECT_EQ(gather_motions(data), (std::vector<std::size_t>{1, 3, 4, 0, 2}));
    EXPECT_EQ(data.q, (Numbers{1, 3, 4, 0, 2}));
    EXPECT_EQ(data.v, (Numbers{-1, -3, -4, 0, -2}));
    EXPECT_EQ(data.t, (Numbers{0, 1, 2, 0, 1}));
    EXPECT_EQ(ends(motions_of(data)), ends({{0, 3}, {3, 5}}));
    // trials count, where gaps have parted them into trajectories
    data.trial = {0, 0, 0, 0, 0};
    EXPECT_EQ(ends(motions_of(data)), ends({{0, 5}}));
    EXPECT_EQ(ends(motions_of(recorded({0, 1}, {}))), ends({{0, 2}}));
}

TEST(Segments, StepsLongerThanOneAndAHalfMediansAreGaps) {
    const Dataset data = recorded({0, 1, 2, 3.5, 5.1, 6}, {});
    EXPECT_EQ(ends(segments_of(data, {0, 6})), ends({{0, 4}, {4, 6}}));
    EXPECT_EQ(ends(segments_of(data, {0, 6}, 1.4)), ends({{0, 3}, {3, 4}, {4, 6}}));
    EXPECT_EQ(ends(segments_of(data, {2, 3})), ends({{2, 3}}));
}

TEST(Segments, TheLastOrTheFirstOfTheTimeIsHeldOut) {
    const auto [before, after] = hold_out(recorded({0, 10, 5, 6.9, 7.1, 7}, {1, 2, 3, 4, 5, 6}), 0.3);
    EXPECT_EQ(before.q, (Numbers{0, 2, 3, 5}));
    EXPECT_EQ(before.trajectory, (std::vector<std::int64_t>{1, 3, 4, 6}));
    EXPECT_EQ(after.q, (Numbers{1, 4}));
    EXPECT_EQ(hold_out(recorded({0, 1}, {}), 0).first.samples, 2u);
    const auto [learned, first] = hold_out(recorded({0, 10, 5, 2.9, 3.1, 3}, {}), 0.3, HeldOut::start);
    EXPECT_EQ(learned.q, (Numbers{1, 2, 4, 5}));
    EXPECT_EQ(first.q, (Numbers{0, 3}));
    EXPECT_EQ(hold_out(recorded({0, 1}, {}), 0, HeldOut::start).first.samples, 2u);
    // no times: the last rows
    Dataset timeless = recorded({0, 0, 0, 0, 0}, {});
    timeless.t.clear();
    EXPECT_EQ(hold_out(timeless, 0.5).second.q, (Numbers{3, 4}));
}

}  // namespace
}  // namespace lnn
