// Threads of a block on one thread of the processor: each has a stack of its own and is left only where it waits.
#pragma once

#include <functional>
#include <vector>

namespace emulated {

// run by every thread of the block; all are done afterwards. Between two barriers each in turn, in the dial's order.
void run_block(unsigned threads, const std::function<void()>& thread);

// into the dial's order
void sort(std::vector<unsigned>& all);

}  // namespace emulated
