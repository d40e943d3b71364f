"""Compiled parts of UserCF: similar readers, and the notes that they had of late."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recall.history_kernels import insert
from recall.index_kernels import select
from recall.item_cf_kernels import slot
from simulator.contracts.random import mix


@njit(cache=True)
def similar_readers(
    reader_starts: NDArray[np.int32],
    reader_notes: NDArray[np.int32],
    note_starts: NDArray[np.int32],
    note_readers: NDArray[np.int32],
    max_readers: int,
    min_common: int,
    n_neighbours: int,
    key: np.uint64,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the readers of largest sum over shared notes of 1 / ln(1 + |U|) / sqrt(|N_u| |N_v|).

    Args:
        reader_starts, reader_notes: notes of each of R readers, see `compress`.
        note_starts, note_readers: readers of each note.
        max_readers: readers of a note that are looked at; of a note with more, so many in a row
            from a place drawn for the reader and the note.
        min_common: readers with fewer common notes do not count.
        n_neighbours: how many to keep for a reader.
        key: key of the stream of those places.

    Returns:
        Readers int32[R, n_neighbours], most similar first, -1 where there are fewer, and their
        similarities float32[R, n_neighbours]. Equal ones are ordered by row, larger first.
    """
    n_readers = reader_starts.shape[0] - 1
    found = np.full((n_readers, n_neighbours), -1, np.int32)
    similarities = np.zeros((n_readers, n_neighbours), np.float32)
    damping = np.empty(note_starts.shape[0] - 1, np.float32)
    for note in range(damping.shape[0]):
        damping[note] = 1.0 / np.log(1.0 + max(1, note_starts[note + 1] - note_starts[note]))
    scale = np.empty(n_readers, np.float32)
    for reader in range(n_readers):
        scale[reader] = 1.0 / np.sqrt(max(1, reader_starts[reader + 1] - reader_starts[reader]))
    common, sums = np.zeros(n_readers, np.int32), np.zeros(n_readers, np.float32)
    touched = np.empty(n_readers, np.int32)
    for reader in range(n_readers):
        n_touched = 0
        for p in range(reader_starts[reader], reader_starts[reader + 1]):
            note = reader_notes[p]
            first, n_all = note_starts[note], note_starts[note + 1] - note_starts[note]
            at = 0
            if n_all > max_readers:
                drawn = mix(mix(key, np.uint64(reader)), np.uint64(note))
                at = int(np.int64(drawn % np.uint64(n_all)))
            for _ in range(min(n_all, max_readers)):
                other = note_readers[first + at]
                at = at + 1 if at + 1 < n_all else 0
                if common[other] == 0:
                    touched[n_touched] = other
                    n_touched += 1
                common[other] += 1
                sums[other] += damping[note]
        for t in range(n_touched):
            other = touched[t]
            shared, total = common[other], sums[other]
            common[other], sums[other] = 0, 0
            if shared < min_common or other == reader:
                continue
            similarity = total * scale[reader] * scale[other]
            if similarity >= similarities[reader, n_neighbours - 1]:
                insert(found[reader], similarities[reader], other, similarity)
    return found, similarities


@njit(cache=True)
def recommend(
    recent: NDArray[np.int32],
    reader_idx: NDArray[np.int32],
    found: NDArray[np.int32],
    similarities: NDArray[np.float32],
    first: int,
    last: int,
    n_last: int,
    min_readers: int,
    k: int,
) -> NDArray[np.int32]:
    """Sum for each note the similarities of the neighbours who had it; keep the k largest sums.

    Args:
        recent: int32[R, L], interacted notes, newest first, -1 where empty.
        reader_idx: int32[B]; readers beyond the rows of `found` get nothing.
        found: int32[n, m] readers, -1 after the last.
        similarities: float32[n, m].
        first, last: note rows in [first, last) may be found.
        n_last: how many notes of each neighbour count; all of the reader's own are left out.
        min_readers: notes that fewer neighbours had are left out.
        k: most notes for a request.

    Returns:
        int32[B, k] note rows, best first, -1 after the last. Equal sums are in the order in which
        neighbours lead to them.
    """
    n_last = min(n_last, recent.shape[1])
    most = n_last * found.shape[1]
    room = 16
    while room < 2 * (most + recent.shape[1]):
        room *= 2
    table, place_of = np.empty(room, np.int32), np.empty(room, np.int32)
    notes, sums = np.empty(most, np.int32), np.empty(most, np.float32)
    counts = np.empty(most, np.int32)
    bin_of, order = np.empty(most, np.int32), np.empty(most, np.int32)
    out = np.full((reader_idx.shape[0], k), -1, np.int32)
    for b in range(reader_idx.shape[0]):
        reader = reader_idx[b]
        if reader >= found.shape[0] or found[reader, 0] < 0:
            continue
        table[:] = -1
        for s in range(recent.shape[1]):
            if recent[reader, s] >= 0:
                at = slot(table, recent[reader, s])
                table[at], place_of[at] = recent[reader, s], -1
        n = 0
        for m in range(found.shape[1]):
            other = found[reader, m]
            if other < 0:
                break
            for s in range(n_last):
                note = recent[other, s]
                if note < first or note >= last:
                    continue
                at = slot(table, note)
                if table[at] == -1:
                    table[at], place_of[at] = note, n
                    notes[n], sums[n], counts[n] = note, 0, 0
                    n += 1
                place = place_of[at]
                if place >= 0:
                    sums[place] += similarities[reader, m]
                    counts[place] += 1
        kept, largest = 0, np.float32(0)
        for place in range(n):
            if counts[place] >= min_readers:
                notes[kept], sums[kept] = notes[place], sums[place]
                largest = max(largest, sums[kept])
                kept += 1
        for a in range(select(sums, kept, largest, k, bin_of, order)):
            out[b, a] = notes[order[a]]
    return out
