// Degrees of freedom of a body: exactly N, known when it is compiled, so that its loops unroll and its arrays are
// registers; or, with N = any_dof, as many as the spec says, up to max_dof.
#pragma once

#include "lnn/real.hpp"
#include "lnn/spec.hpp"

namespace lnn::inline LNN_ISA {

inline constexpr int any_dof = 0;

// how many there may be: the size of arrays
template <int N>
inline constexpr int most_dof = N == any_dof ? max_dof : N;

// the same of a physical system
template <int N>
inline constexpr int most_system_dof = N == any_dof ? max_system_dof : N;

// how many there are, a constant where N says it
template <int N>
LNN_HD constexpr int dof_of(int n) {
    return N == any_dof ? n : N;
}

// place of entry (i, j), i >= j, of a symmetric matrix stored by rows of its lower triangle
LNN_HD constexpr int packed(int i, int j) { return i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i; }

LNN_HD constexpr int packed_size(int n) { return n * (n + 1) / 2; }

}  // namespace lnn::inline LNN_ISA
