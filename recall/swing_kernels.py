"""Compiled part of Swing: notes that pairs of readers share who share little else."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recall.history_kernels import insert
from simulator.contracts.random import mix


@njit(cache=True)
def neighbours(
    note_starts: NDArray[np.int32],
    note_readers: NDArray[np.int32],
    reader_starts: NDArray[np.int32],
    reader_notes: NDArray[np.int32],
    alpha: float,
    max_readers: int,
    n_neighbours: int,
    key: np.uint64,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the notes of largest sum of 1 / (alpha + |N_u ∩ N_v|) over pairs who have both notes.

    Args:
        note_starts, note_readers: readers of each of n notes, see `compress`.
        reader_starts, reader_notes: notes of each reader.
        alpha: smoothing.
        max_readers: readers of a note whose pairs are looked at; of a note with more, so many at
            equal distances from a place drawn for the note.
        n_neighbours: how many to keep for a note.
        key: key of the stream of those places.

    Returns:
        Positions int32[n, n_neighbours], best first, -1 where there are fewer, and sums
        float32[n, n_neighbours]. Equal sums are ordered by position, larger first.
    """
    n = note_starts.shape[0] - 1
    found = np.full((n, n_neighbours), -1, np.int32)
    sums_found = np.zeros((n, n_neighbours), np.float32)
    stamp, serial = np.zeros(n, np.int32), 0
    sums = np.zeros(n, np.float32)
    touched = np.empty(n, np.int32)
    longest = 0
    for reader in range(reader_starts.shape[0] - 1):
        longest = max(longest, reader_starts[reader + 1] - reader_starts[reader])
    shared = np.empty(longest + 1, np.int32)
    chosen = np.empty(max_readers, np.int32)
    for i in range(n):
        first, n_all = note_starts[i], int(note_starts[i + 1] - note_starts[i])
        n_chosen = min(n_all, max_readers)
        shift = 0
        if n_all > max_readers:
            shift = int(np.int64(mix(key, np.uint64(i)) % np.uint64(n_all)))
        for c in range(n_chosen):
            chosen[c] = note_readers[first + (shift + c * n_all // n_chosen) % n_all]
        n_touched = 0
        for a in range(1, n_chosen):
            serial += 1
            for p in range(reader_starts[chosen[a]], reader_starts[chosen[a] + 1]):
                stamp[reader_notes[p]] = serial
            for b in range(a):
                n_shared = 0
                for p in range(reader_starts[chosen[b]], reader_starts[chosen[b] + 1]):
                    shared[n_shared] = reader_notes[p]
                    n_shared += stamp[reader_notes[p]] == serial
                if n_shared < 2:
                    continue
                weight = np.float32(1.0 / (alpha + n_shared))
                for c in range(n_shared):
                    j = shared[c]
                    if sums[j] == 0:
                        touched[n_touched] = j
                        n_touched += 1
                    sums[j] += weight
        for t in range(n_touched):
            j = touched[t]
            if j != i:
                insert(found[i], sums_found[i], j, sums[j])
            sums[j] = 0
    return found, sums_found
