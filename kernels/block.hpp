// A team of threads that works on one thing together: a CUDA block (cuda/threads.cuh) or, in tests, a stand-in on the
// host (tests/kernels/blocks.hpp). A cooperative body is a template on its Block, runs on every thread of it, and uses
// nothing of it but
//
//   for_each(n, f)   f(i) for every i < n, each on one thread, in any order; a barrier at the end
//   lanes<State>(n)  a State for each lane i < n, kept across barriers and seen by f(i) of a for_each alone;
//                    n <= max_lanes
//
// Between two barriers every element has one writer, and what is written is read by nobody else: so the result does not
// depend on the team. What is outside a for_each is done by every thread alike.
#pragma once

namespace lnn {

inline constexpr int max_lanes = 32;  // no block has fewer threads

}  // namespace lnn
