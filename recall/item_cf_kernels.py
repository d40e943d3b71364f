"""Compiled parts of ItemCF: neighbours of every note, and their sum over a reader's notes."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recall.history_kernels import insert
from recall.index_kernels import select


@njit(cache=True)
def neighbours(
    note_starts: NDArray[np.int32],
    note_readers: NDArray[np.int32],
    reader_starts: NDArray[np.int32],
    reader_notes: NDArray[np.int32],
    min_common: int,
    n_neighbours: int,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the notes of largest cosine |A ∩ B| / sqrt(|A| |B|), A and B the notes' readers.

    Args:
        note_starts, note_readers: readers of each of n notes, compressed by note.
        reader_starts, reader_notes: the same pairs compressed by reader.
        min_common: pairs with fewer common readers do not count.
        n_neighbours: how many to keep for a note.

    Returns:
        Positions int32[n, n_neighbours], best first, -1 where there are fewer, and cosines
        float32[n, n_neighbours]. Equal cosines are ordered by position, larger first.
    """
    n = note_starts.shape[0] - 1
    found = np.full((n, n_neighbours), -1, np.int32)
    cosines = np.zeros((n, n_neighbours), np.float32)
    common = np.zeros(n, np.int32)
    touched = np.empty(n, np.int32)
    for i in range(n):
        n_touched = 0
        for r in range(note_starts[i], note_starts[i + 1]):
            reader = note_readers[r]
            for p in range(reader_starts[reader], reader_starts[reader + 1]):
                j = reader_notes[p]
                if common[j] == 0:
                    touched[n_touched] = j
                    n_touched += 1
                common[j] += 1
        n_i = note_starts[i + 1] - note_starts[i]
        for t in range(n_touched):
            j = touched[t]
            shared, common[j] = common[j], 0
            if shared < min_common or j == i:
                continue
            cosine = np.float32(shared / np.sqrt(n_i * (note_starts[j + 1] - note_starts[j])))
            insert(found[i], cosines[i], j, cosine)
    return found, cosines


@njit(cache=True)
def slot(table: NDArray[np.int32], note: int) -> np.int64:
    """Return where a note stands in an open hash table, or where it may be put.

    Args:
        table: int32, a power of two of places, never full, -1 where empty.
        note: note row.
    """
    at = np.int64(note & (table.shape[0] - 1))
    while table[at] != -1 and table[at] != note:
        at = (at + 1) & (table.shape[0] - 1)
    return at


@njit(cache=True)
def recommend(
    recent: NDArray[np.int32],
    reader_idx: NDArray[np.int32],
    n_last: int,
    first_row: int,
    found: NDArray[np.int32],
    cosines: NDArray[np.float32],
    k: int,
) -> NDArray[np.int32]:
    """Sum the cosines of the neighbours of each reader's last notes; keep the k largest sums.

    Args:
        recent: int32[R, L], interacted notes, newest first, -1 where empty.
        reader_idx: int32[B].
        n_last: how many notes of each reader have a say; all of `recent` are left out.
        first_row: note row of the first place in `found`.
        found: int32[n, m] note rows, -1 where empty.
        cosines: float32[n, m].
        k: most notes for a request.

    Returns:
        int32[B, k] note rows, best first, -1 after the last. Equal sums are in the order in which
        the reader's notes lead to them.
    """
    most = n_last * found.shape[1]
    room = 16
    while room < 2 * (most + recent.shape[1]):
        room *= 2
    table = np.empty(room, np.int32)
    place_of = np.empty(room, np.int32)
    notes = np.empty(most, np.int32)
    sums = np.empty(most, np.float32)
    bin_of, order = np.empty(most, np.int32), np.empty(most, np.int32)
    out = np.full((reader_idx.shape[0], k), -1, np.int32)
    for b in range(reader_idx.shape[0]):
        history = recent[reader_idx[b]]
        table[:] = -1
        for s in range(history.shape[0]):
            if history[s] >= 0:
                at = slot(table, history[s])
                table[at], place_of[at] = history[s], -1
        n, largest = 0, np.float32(0)
        for s in range(min(n_last, history.shape[0])):
            seed = history[s] - first_row
            if seed < 0 or seed >= found.shape[0]:
                continue
            for m in range(found.shape[1]):
                note = found[seed, m]
                if note < 0:
                    break
                at = slot(table, note)
                if table[at] == -1:
                    table[at], place_of[at] = note, n
                    notes[n], sums[n] = note, 0
                    n += 1
                place = place_of[at]
                if place >= 0:
                    sums[place] += cosines[seed, m]
                    largest = max(largest, sums[place])
        for a in range(select(sums, n, largest, k, bin_of, order)):
            out[b, a] = notes[order[a]]
    return out
