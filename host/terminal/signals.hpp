// SIGINT, SIGTERM and SIGHUP as a question: a long job asks between two slices of work whether it should stop, writes
// its checkpoint and ends. A second SIGINT ends the process at once. Other jobs keep the system's handling.
#pragma once

namespace lnn {

enum class Stop { none, interrupt, terminate };

void catch_stop_signals();  // from here on signals are kept for stop_requested()
Stop stop_requested();

}  // namespace lnn
