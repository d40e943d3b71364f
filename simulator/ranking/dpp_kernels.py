"""Compiled steps of greedy MAP inference for a determinantal point process.

The kernel matrix is A = VᵀV + `JITTER`·I over unit vectors. With A restricted to the window
factored as L·Lᵀ, each candidate i has a row c_i with L·c_i = a_i and d_i² = A_ii - c_iᵀc_i: adding
i to the window multiplies the determinant by d_i² (Chen, Zhang and Zhou, Fast Greedy MAP
Inference for Determinantal Point Process, NeurIPS 2018).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

JITTER = 1e-5
"""Added to the diagonal: no d² falls below it, so a duplicate has a finite, very low log d²."""


@njit(cache=True)
def orthogonalise(
    similarity: NDArray[np.float32],
    best: int,
    count: int,
    factor: NDArray[np.float64],
    diagonal: NDArray[np.float64],
    at: NDArray[np.int64],
    filled: int,
    volume: NDArray[np.float64],
) -> None:
    """Add a note to the window: O(window · candidates).

    Args:
        similarity: float32[K], cosine of every candidate with the added one.
        best: column of the added note.
        count: candidates.
        factor: float64[W, K], row t holds element t of every c_i; row `filled` is written.
        diagonal: float64[W], d of each note of the window when it was added.
        at: int64[W], columns of the notes of the window, oldest first.
        filled: notes in the window before, less than W.
        volume: float64[K], d² of every candidate; updated.
    """
    d = math.sqrt(volume[best])
    row = factor[filled]
    for k in range(count):
        row[k] = similarity[k]
    for t in range(filled):
        own = factor[t, best]
        for k in range(count):
            row[k] -= own * factor[t, k]
    for k in range(count):
        row[k] /= d
    row[best] = d
    diagonal[filled], at[filled] = d, best
    for k in range(count):
        volume[k] = max(volume[k] - row[k] * row[k], JITTER)


@njit(cache=True)
def forget_oldest(
    factor: NDArray[np.float64],
    diagonal: NDArray[np.float64],
    at: NDArray[np.int64],
    filled: int,
    count: int,
    volume: NDArray[np.float64],
) -> int:
    """Take the oldest note out of the window and return how many are left.

    What is left of L gains the rank-one term of the first column, which Givens rotations fold into
    the other columns; the same rotations carry the c_i along, and what remains of their first
    element goes back into d_i². O(window · candidates).

    Args:
        factor, diagonal, at, filled, count, volume: as in `orthogonalise`; all are changed.
    """
    gone = factor[0].copy()
    for t in range(1, filled):
        x, d = gone[at[t]], diagonal[t]
        length = math.sqrt(x * x + d * d)
        cosine, sine = d / length, x / length
        for k in range(count):
            c, e = factor[t, k], gone[k]
            factor[t - 1, k] = cosine * c + sine * e
            gone[k] = cosine * e - sine * c
        diagonal[t - 1], at[t - 1] = length, at[t]
    for k in range(count):
        volume[k] += gone[k] * gone[k]
    return filled - 1
