"""The mechanical systems solved by hand: accelerations and energies, with numpy.

Each function takes states (N, 2n), rows q_1 .. q_n, v_1 .. v_n, and the parameters by name; it returns
accelerations (N, n) and energies (N), E = v . dL/dv - L. Derived from the Lagrangian in its docstring by the
Euler-Lagrange equations on paper; no automatic differentiation is involved.
"""

import numpy as np
from numpy import cos, sin


def double_pendulum(x, m, l, g):
    """L = 1/2 (m1 + m2) l1^2 w1^2 + 1/2 m2 l2^2 w2^2 + m2 l1 l2 w1 w2 cos(t1 - t2)
           + (m1 + m2) g l1 cos t1 + m2 g l2 cos t2"""
    (m1, m2), (l1, l2) = m, l
    t1, t2, w1, w2 = np.asarray(x).T
    a = (m1 + m2) * l1**2
    b = m2 * l1 * l2 * cos(t1 - t2)
    c = np.full_like(t1, m2 * l2**2)
    mass = np.stack([np.stack([np.full_like(t1, a), b], -1), np.stack([b, c], -1)], -2)
    force = np.stack([-m2 * l1 * l2 * w2**2 * sin(t1 - t2) - (m1 + m2) * g * l1 * sin(t1),
                      m2 * l1 * l2 * w1**2 * sin(t1 - t2) - m2 * g * l2 * sin(t2)], -1)
    kinetic = 0.5 * a * w1**2 + b * w1 * w2 + 0.5 * c * w2**2
    potential = -(m1 + m2) * g * l1 * cos(t1) - m2 * g * l2 * cos(t2)
    return np.linalg.solve(mass, force[..., None])[..., 0], kinetic + potential


def spring_pendulum(x, m, k, r0, g):
    """L = 1/2 m (r'^2 + r^2 th'^2) + m g r cos th - 1/2 k (r - r0)^2"""
    r, th, u, w = np.asarray(x).T
    accelerations = np.stack([r * w**2 + g * cos(th) - k / m * (r - r0), -(2 * u * w + g * sin(th)) / r], -1)
    return accelerations, 0.5 * m * (u**2 + r**2 * w**2) - m * g * r * cos(th) + 0.5 * k * (r - r0)**2


def spring_pendulum_seed(x, k, r0, g):
    """L = 1/2 (r'^2 + r^2 th'^2) - g r (1 - cos th) - k (r - r0)^2"""
    r, th, u, w = np.asarray(x).T
    accelerations = np.stack([r * w**2 - g * (1 - cos(th)) - 2 * k * (r - r0),
                              -(2 * u * w + g * sin(th)) / r], -1)
    return accelerations, 0.5 * (u**2 + r**2 * w**2) + g * r * (1 - cos(th)) + k * (r - r0)**2


def pendulum(x, m, l, g):
    """L = 1/2 m l^2 w^2 + m g l cos th"""
    th, w = np.asarray(x).T
    return (-g / l * sin(th))[:, None], 0.5 * m * l**2 * w**2 - m * g * l * cos(th)


def harmonic_oscillator(x, m, k):
    """L = 1/2 m v^2 - 1/2 k x^2"""
    q, v = np.asarray(x).T
    return (-k / m * q)[:, None], 0.5 * m * v**2 + 0.5 * k * q**2
