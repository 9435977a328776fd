// A team of threads that works on one thing together: a CUDA block, or, in tests and nowhere else, a stand-in on the
// host. A cooperative body is a template on its Block, runs on every thread of it, and uses nothing of it but
//
//   for_each(n, f)   f(i) for every i < n, each on one thread, in any order; a barrier at the end
//   lanes<State>(n)  a State for each lane i < n, kept across barriers and seen by f(i) of a for_each alone;
//                    n <= max_lanes
//
// Between two barriers every element has one writer, and what is written is read by nobody else: so the result does not
// depend on the team. What is outside a for_each is done by every thread alike.
#pragma once

#include <vector>

namespace lnn {

inline constexpr int max_lanes = 32;  // no block has fewer threads

// one thread
struct SerialBlock {
    template <class F>
    void for_each(int n, F&& f) const {
        for (int i = 0; i < n; ++i) f(i);
    }
    template <class State>
    std::vector<State> lanes(int n) const {
        return std::vector<State>(n);
    }
};

}  // namespace lnn
