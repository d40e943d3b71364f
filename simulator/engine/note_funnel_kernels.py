"""Compiled counting of how far new notes came in each request."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def count_stages(
    first: int,
    candidates: NDArray[np.int32],
    n: NDArray[np.int32],
    ranked: NDArray[np.int32],
    n_ranked: NDArray[np.int32],
    kept_at: NDArray[np.int16],
    n_kept: NDArray[np.int32],
    slate: NDArray[np.int32],
    examined: NDArray[np.uint8],
    counts: NDArray[np.int32],
) -> None:
    """Add one for each stage that a note at or above row `first` reached in a request.

    Args:
        first: first note row counted; the counts of row `first + i` are `counts[i]`.
        candidates, n: int32[B, K] merged candidates and their number.
        ranked, n_ranked: int32[B, K1] those that passed pre-rank.
        kept_at, n_kept: int16[B, K2] columns in `ranked` of those that passed rank.
        slate: int32[B, S], -1 where empty.
        examined: uint8[B, S].
        counts: int32[>= new notes, 5]: recalled, passed pre-rank, passed rank, placed, examined.
    """
    for b in range(candidates.shape[0]):
        for j in range(n[b]):
            if candidates[b, j] >= first:
                counts[candidates[b, j] - first, 0] += 1
        for j in range(n_ranked[b]):
            if ranked[b, j] >= first:
                counts[ranked[b, j] - first, 1] += 1
        for j in range(n_kept[b]):
            note = ranked[b, kept_at[b, j]]
            if note >= first:
                counts[note - first, 2] += 1
        for s in range(slate.shape[1]):
            if slate[b, s] >= first:
                counts[slate[b, s] - first, 3] += 1
                counts[slate[b, s] - first, 4] += examined[b, s]
