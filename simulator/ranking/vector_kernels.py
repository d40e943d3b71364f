"""Compiled dot product of two rows, summed in one fixed order."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, inline="always")
def dot_rows(
    a: NDArray[np.float32], i: int, b: NDArray[np.float32], j: int, width: int
) -> np.float32:
    """Return the dot product of row `i` of `a` and row `j` of `b`.

    Eight partial sums keep the processor busy without leaving the order of summation to it.

    Args:
        a: float32[*, D].
        i: row of `a`.
        b: float32[*, D].
        j: row of `b`.
        width: D.
    """
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = np.float32(0.0)
    whole = width - width % 8
    for d in range(0, whole, 8):
        s0 += a[i, d] * b[j, d]
        s1 += a[i, d + 1] * b[j, d + 1]
        s2 += a[i, d + 2] * b[j, d + 2]
        s3 += a[i, d + 3] * b[j, d + 3]
        s4 += a[i, d + 4] * b[j, d + 4]
        s5 += a[i, d + 5] * b[j, d + 5]
        s6 += a[i, d + 6] * b[j, d + 6]
        s7 += a[i, d + 7] * b[j, d + 7]
    for d in range(whole, width):
        s0 += a[i, d] * b[j, d]
    return ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7))
