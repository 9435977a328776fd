#include "terminal/signals.hpp"

#include <atomic>
#include <csignal>

#include <unistd.h>

#include "lnn/error.hpp"

namespace lnn {

static std::atomic<Stop> stop = Stop::none;
static_assert(std::atomic<Stop>::is_always_lock_free);  // a handler may touch nothing else

extern "C" {
static void on_signal(int signal) {
    const Stop wanted = signal == SIGINT ? Stop::interrupt : Stop::terminate;
    const Stop before = stop.exchange(wanted);
    if (wanted == Stop::interrupt && before == Stop::interrupt) _exit(static_cast<int>(Exit::interrupted));
}
}

void catch_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;  // a write in progress is finished, not cut short
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    // a terminal that was closed; nohup has it ignored, and so it stays
    struct sigaction before {};
    if (sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
}

Stop stop_requested() { return stop; }

}  // namespace lnn
