"""The program's random numbers with numpy alone: Philox 4x32-10 (Salmon et al. 2011) of (seed, stream, index), so that
a test can have the states that an evaluation draws.
"""

import numpy as np

STATES, EVALUATION = 1, 4
LOW = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    """four 32-bit words for each counter, columns of words in uint64"""
    c0, c1, c2, c3 = (np.asarray(word, np.uint64) for word in counter)
    k0, k1 = key
    for _ in range(10):
        a, b = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (b >> np.uint64(32)) ^ c1 ^ np.uint64(k0), b & LOW, \
            (a >> np.uint64(32)) ^ c3 ^ np.uint64(k1), a & LOW
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def uniform(seed, stream, rows, columns):
    """(rows, columns) numbers in [0, 1): those of a row share an index, two come of a block"""
    index, block = np.meshgrid(np.arange(rows, dtype=np.uint64), np.arange((columns + 1) // 2, dtype=np.uint64),
                               indexing="ij")
    words = philox((index & LOW, index >> np.uint64(32), block, np.full_like(index, stream)),
                   (seed & 0xFFFFFFFF, seed >> 32))
    pairs = [(high << np.uint64(32) | low) >> np.uint64(11) for high, low in [words[:2], words[2:]]]
    return np.stack(pairs, -1).reshape(rows, -1)[:, :columns] * 2.0**-53


def normal(seed, stream, rows, columns):
    """(rows, columns) numbers N(0, 1), by Box and Muller; an even number of columns"""
    u = uniform(seed, stream, rows, columns).reshape(rows, -1, 2)
    radius, angle = np.sqrt(-2 * np.log(1 - u[..., 0])), 2 * np.pi * u[..., 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1).reshape(rows, columns)
