// Pieces cover their range once; errors of any thread come back.
#include "cpu/parallel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace lnn {
namespace {

TEST(InPieces, CoverTheRangeOnce) {
    for (const int threads : {1, 2, 5})
        for (const std::int64_t total : {0, 1, 7, 8, 9, 64, 1000})
            for (const std::int64_t piece : {1, 4, 8, 2000}) {
                std::vector<std::atomic<int>> seen(static_cast<std::size_t>(total));
                in_pieces({threads}, total, piece, [&](int thread, std::int64_t first, std::int64_t count) {
                    EXPECT_GE(thread, 0);
                    EXPECT_LT(thread, threads);
                    EXPECT_EQ(first % piece, 0);
                    EXPECT_TRUE(count == piece || first + count == total);
                    for (std::int64_t i = first; i < first + count; ++i) ++seen.at(static_cast<std::size_t>(i));
                });
                for (const auto& times : seen) ASSERT_EQ(times, 1) << threads << " " << total << " " << piece;
            }
}

TEST(Crew, WorksOnceOnEachThread) {
    Crew crew({4});
    ASSERT_EQ(crew.size(), 4);
    std::vector<std::atomic<int>> seen(4);
    crew.work([&](int thread) { ++seen.at(std::size_t(thread)); });
    for (const auto& times : seen) EXPECT_EQ(times, 1);
}

TEST(Crew, IsNoLargerThanItsWork) {
    EXPECT_EQ(Crew({4}, 3).size(), 3);
    EXPECT_EQ(Crew({4}, 0).size(), 1);
}

TEST(Crew, RethrowsWhatAnyThreadThrew) {
    for (const int thrower : {0, 1, 2})
        EXPECT_THROW(Crew({3}).work([&](int thread) {
            if (thread == thrower) throw std::runtime_error("one");
        }),
                     std::runtime_error);
}

// on a system that has three threads left, and then no more
struct ScarceThread : std::jthread {
    static inline int left;
    template <class F>
    explicit ScarceThread(F&& f) : std::jthread(left-- > 0 ? std::jthread(std::forward<F>(f)) : refused()) {}
    static std::jthread refused() { throw std::system_error(EAGAIN, std::generic_category()); }
};

struct Shortage {
    int missing = 0, wanted = 0, times = 0;
};
static Shortage told;
static Threads scarce(int count) {
    ScarceThread::left = 3;
    told = {};
    return {count, [](int missing, int wanted) { told = {missing, wanted, told.times + 1}; }};
}

TEST(FewerThreads, AreACrewAllTheSame) {
    for (const int count : {1, 4, 5, 9}) {
        CrewOf<ScarceThread> crew(scarce(count));
        ASSERT_EQ(crew.size(), std::min(count, 4));
        EXPECT_EQ(told.times, count > 4);
        EXPECT_EQ(told.missing, std::max(0, count - 4));
        EXPECT_EQ(told.wanted, count > 4 ? count : 0);
        std::vector<std::atomic<int>> seen(std::size_t(crew.size()));
        crew.work([&](int thread) { ++seen.at(std::size_t(thread)); });
        for (const auto& times : seen) EXPECT_EQ(times, 1);
    }
}

TEST(FewerThreads, LeaveWithoutWork) { EXPECT_EQ(CrewOf<ScarceThread>(scarce(9)).size(), 4); }

TEST(FewerThreads, DoAllPieces) {
    std::vector<std::atomic<int>> seen(100);
    in_pieces<ScarceThread>(scarce(9), 100, 1,
                            [&](int, std::int64_t first, std::int64_t) { ++seen.at(std::size_t(first)); });
    for (const auto& times : seen) EXPECT_EQ(times, 1);
}

TEST(TeamsFor, KeepThreadsBusy) {
    struct Case {
        int threads, models, parts, count, size;
    };
    for (const Case& c : {Case{1, 1, 1, 1, 1}, Case{2, 1, 1, 1, 1}, Case{2, 1, 2, 1, 2}, Case{2, 2, 9, 2, 1},
                          Case{2, 3, 9, 2, 1}, Case{16, 8, 1, 8, 1}, Case{16, 8, 4, 8, 2}, Case{16, 1, 4, 1, 4},
                          Case{16, 1, 99, 1, 16}, Case{16, 5, 8, 5, 3}, Case{16, 9, 16, 1, 16}, Case{16, 9, 1, 9, 1}}) {
        const Teams teams = teams_for(c.threads, c.models, c.parts);
        EXPECT_EQ(teams.count, c.count) << c.threads << " threads, " << c.models << " models, " << c.parts << " parts";
        EXPECT_EQ(teams.size, c.size) << c.threads << " threads, " << c.models << " models, " << c.parts << " parts";
    }
}

// every thread of a team sees each of its models once, and no model is that of two teams
TEST(InTeams, EachModelIsOfOneTeam) {
    for (const Teams teams : {Teams{1, 1}, Teams{1, 3}, Teams{2, 1}, Teams{2, 3}, Teams{3, 2}, Teams{7, 1}})
        for (const int models : {0, 1, 2, 3, 7, 20}) {
            SCOPED_TRACE(testing::Message() << teams.count << " x " << teams.size << ", " << models << " models");
            struct Seen {
                std::atomic<int> threads = 0, team = -1, strangers = 0;
            };
            std::vector<Seen> seen(static_cast<std::size_t>(models));
            Crew crew({teams.count * teams.size + 1});  // one is left over
            in_teams(crew, teams, models, [&](int m, int number, const Team& team) {
                Seen& model = seen.at(std::size_t(m));
                if (team.index == 0) model.team = number;
                team.sync();
                model.strangers += model.team != number || team.size != teams.size;
                ++model.threads;
            });
            for (int m = 0; m < models; ++m) {
                EXPECT_EQ(seen[std::size_t(m)].threads, teams.size);
                EXPECT_EQ(seen[std::size_t(m)].strangers, 0);
                if (m < teams.count) {
                    EXPECT_EQ(seen[std::size_t(m)].team, m);
                }
            }
        }
}

}  // namespace
}  // namespace lnn
