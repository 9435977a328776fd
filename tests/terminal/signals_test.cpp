#include "terminal/signals.hpp"

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
    for (const int signal : {SIGTERM, SIGHUP})
        EXPECT_EXIT(
            {
                catch_stop_signals();
                std::raise(signal);
                std::exit(stop_requested() == Stop::terminate ? 75 : 1);
            },
            testing::ExitedWithCode(75), "");
    EXPECT_EXIT(  // as nohup starts it
        {
            std::signal(SIGHUP, SIG_IGN);
            catch_stop_signals();
            std::raise(SIGHUP);
            std::exit(stop_requested() == Stop::none ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

}  // namespace lnn
