// Derivatives of samples in time: a polynomial of low order is fitted to the samples around an instant by least
// squares, and its derivative at the instant is taken.
//
// The fit is linear in the samples x_j, so the k-th derivative at t_i is sum_j w_j x_j. With polynomials P_0 .. P_order
// that are orthonormal over the instants of the window, sum_j P_m(t_j) P_l(t_j) = 1 if m = l else 0,
//     w_j = sum_m P_m^(k)(t_i) P_m(t_j).
// The instants are used as they are, so steps may differ; at the ends of a segment the window lies on one side.
// Exact for polynomials up to the order. Source: A. Savitzky, M. J. E. Golay, Analytical Chemistry 36, 1627 (1964);
// the ends: P. A. Gorry, Analytical Chemistry 62, 570 (1990).
#pragma once

#include <span>

namespace lnn {

// 11 and 4: the narrowest window that does well on a swinging pendulum at 100 Hz with noise of a milliradian, whether
// velocities or accelerations are asked for (see the test)
struct SavitzkyGolay {
    int window = 11;  // samples in a fit
    int order = 4;    // of the polynomial, below the window
};

// the derivative, 1 or 2, of every column of x (samples, columns) at its rising instants t (samples), into `out`;
// needs at least `window` samples
void differentiate(std::span<const double> t, std::span<const double> x, SavitzkyGolay filter, int derivative,
                   std::span<double> out);

}  // namespace lnn
