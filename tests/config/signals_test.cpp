#include "signals.hpp"

#include <csignal>

#include <gtest/gtest.h>

namespace lnn {

TEST(SignalsDeathTest, AreKeptAndASecondInterruptEnds) {
    EXPECT_EXIT(
        {
            catch_stop_signals();
            if (stop_requested() != Stop::none) std::exit(1);
            std::raise(SIGINT);
            if (stop_requested() != Stop::interrupt) std::exit(2);
            std::raise(SIGINT);
            std::exit(3);
        },
        testing::ExitedWithCode(130), "");
    EXPECT_EXIT(
        {
            catch_stop_signals();
            std::raise(SIGTERM);
            std::exit(stop_requested() == Stop::terminate ? 75 : 1);
        },
        testing::ExitedWithCode(75), "");
}

}  // namespace lnn
