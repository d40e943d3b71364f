"""Compiled description of slates: how alike the notes of one are."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def describe_redundancy(
    slates: NDArray[np.int32],
    embedding: NDArray[np.float32],
    category: NDArray[np.int16],
    similarity: NDArray[np.float32],
    repeats: NDArray[np.uint8],
) -> None:
    """Compare each note with those above it in its slate.

    Args:
        slates: int32[B, S], note rows, -1 where empty.
        embedding: float32[N, D], unit length.
        category: int16[N].
        similarity: float32[B, S], receives the mean cosine to the notes above, 0 for the first.
        repeats: uint8[B, S], receives how many notes above are of the same category.
    """
    width = embedding.shape[1]
    total = np.empty(width)
    for b in range(slates.shape[0]):
        total[:] = 0.0
        above = 0
        for s in range(slates.shape[1]):
            similarity[b, s], repeats[b, s] = np.float32(0.0), 0
            note = slates[b, s]
            if note < 0:
                continue
            dot = 0.0
            for d in range(width):
                dot += total[d] * embedding[note, d]
                total[d] += embedding[note, d]
            similarity[b, s] = dot / max(above, 1)
            for other in range(s):
                if slates[b, other] >= 0 and category[slates[b, other]] == category[note]:
                    repeats[b, s] += 1
            above += 1
