// Pieces cover their range once; errors of any thread come back.
#include "cpu/parallel.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lnn {
namespace {

TEST(InPieces, CoverTheRangeOnce) {
    for (const int threads : {1, 2, 5})
        for (const std::int64_t total : {0, 1, 7, 8, 9, 64, 1000})
            for (const std::int64_t piece : {1, 4, 8, 2000}) {
                std::vector<std::atomic<int>> seen(static_cast<std::size_t>(total));
                in_pieces(threads, total, piece, [&](int thread, std::int64_t first, std::int64_t count) {
                    EXPECT_GE(thread, 0);
                    EXPECT_LT(thread, threads);
                    EXPECT_EQ(first % piece, 0);
                    EXPECT_TRUE(count == piece || first + count == total);
                    for (std::int64_t i = first; i < first + count; ++i) ++seen.at(static_cast<std::size_t>(i));
                });
                for (const auto& times : seen) ASSERT_EQ(times, 1) << threads << " " << total << " " << piece;
            }
}

TEST(OnThreads, EachOnce) {
    std::vector<std::atomic<int>> seen(4);
    on_threads(4, [&](int thread) { ++seen.at(thread); });
    for (const auto& times : seen) EXPECT_EQ(times, 1);
}

TEST(OnThreads, RethrowsWhatAnyThreadThrew) {
    for (const int thrower : {0, 1, 2})
        EXPECT_THROW(on_threads(3,
                                [&](int thread) {
                                    if (thread == thrower) throw std::runtime_error("one");
                                }),
                     std::runtime_error);
}

}  // namespace
}  // namespace lnn
