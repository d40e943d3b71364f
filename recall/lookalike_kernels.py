"""Compiled part of the look-alike channel: adding readers to the notes they interacted with."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def add_seeds(
    note_idx: NDArray[np.int32],
    reader_idx: NDArray[np.int32],
    is_strong: NDArray[np.bool_],
    vectors: NDArray[np.float32],
    first_row: int,
    sums: NDArray[np.float32],
    counts: NDArray[np.int32],
) -> None:
    """Add readers' vectors to the running sums of notes.

    Args:
        note_idx, reader_idx: int32[E], who interacted with what; rows before `first_row` and
            readers with a zero vector are passed over.
        is_strong: bool[E], False for a click alone.
        vectors: float32[R, d], readers' vectors now.
        first_row: note row of the first place in `sums`.
        sums: float32[n, 2, d], over all seeds and over strong ones; changed.
        counts: int32[n, 2], how many of each; changed.
    """
    for e in range(note_idx.shape[0]):
        place = note_idx[e] - first_row
        vector = vectors[reader_idx[e]]
        if place < 0 or not vector.any():
            continue
        for part in range(2 if is_strong[e] else 1):
            counts[place, part] += 1
            for j in range(vector.shape[0]):
                sums[place, part, j] += vector[j]
