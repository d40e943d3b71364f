"""Compiled part of the collaborative channels: who has which notes, in both directions."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def compress(
    recent: NDArray[np.int32], first: int, last: int, n_last: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """List the notes of each reader and the readers of each note.

    Args:
        recent: int32[R, L], interacted notes, newest first, -1 where empty.
        first, last: note rows in [first, last) count.
        n_last: how many of a reader's newest notes count.

    Returns:
        Starts int32[R + 1] and notes of readers, then starts int32[last - first + 1] and readers
        of notes. Notes are counted from `first`; both lists ascend and hold nothing twice.
    """
    n_readers, n_notes = recent.shape[0], max(0, last - first)
    reader_starts = np.zeros(n_readers + 1, np.int32)
    note_starts = np.zeros(n_notes + 1, np.int32)
    notes = np.empty(n_readers * min(n_last, recent.shape[1]), np.int32)
    n = 0
    for reader in range(n_readers):
        start = n
        for s in range(recent.shape[1]):
            note = recent[reader, s] - first
            if note < 0 or note >= n_notes:
                continue
            if n - start == n_last:
                break
            place = n
            while place > start and notes[place - 1] > note:
                place -= 1
            if place > start and notes[place - 1] == note:
                continue
            for c in range(n, place, -1):
                notes[c] = notes[c - 1]
            notes[place] = note
            note_starts[note + 1] += 1
            n += 1
        reader_starts[reader + 1] = n
    for note in range(n_notes):
        note_starts[note + 1] += note_starts[note]
    readers = np.empty(n, np.int32)
    filled = note_starts[:-1].copy()
    for reader in range(n_readers):
        for p in range(reader_starts[reader], reader_starts[reader + 1]):
            readers[filled[notes[p]]] = reader
            filled[notes[p]] += 1
    return reader_starts, notes[:n].copy(), note_starts, readers


@njit(cache=True, inline="always")
def insert(
    found: NDArray[np.int32],
    similarities: NDArray[np.float32],
    candidate: int,
    similarity: np.float32,
) -> None:
    """Put a candidate into a row of the best so far; of equals the larger position comes first.

    Args:
        found: int32[m], positions, best first, -1 where empty; changed.
        similarities: float32[m], 0 where empty; changed.
        candidate: position to put in.
        similarity: how similar it is, above 0.
    """
    m = found.shape[0]
    c = m
    while c > 0 and (
        similarity > similarities[c - 1]
        or (similarity == similarities[c - 1] and candidate > found[c - 1])
    ):
        if c < m:
            found[c], similarities[c] = found[c - 1], similarities[c - 1]
        c -= 1
    if c < m:
        found[c], similarities[c] = candidate, similarity
