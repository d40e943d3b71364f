"""Compiled parts of the request path: merging recall channels and carrying columns along."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.engine.seen_kernels import decode


@njit(cache=True)
def merge(
    raw: NDArray[np.int32],
    bits: NDArray[np.uint32],
    reader_idx: NDArray[np.int32],
    offset: NDArray[np.int64],
    data: NDArray[np.uint8],
    head: NDArray[np.int32],
    fresh_note: NDArray[np.int32],
    fresh_prev: NDArray[np.int32],
    live_start: int,
    n_notes: int,
    mark: NDArray[np.int32],
    place: NDArray[np.int16],
    serial: int,
    out_note: NDArray[np.int32],
    out_bits: NDArray[np.uint32],
    out_n: NDArray[np.int32],
) -> int:
    """Merge the channels of each request: drop seen and expired notes, join duplicates.

    Args:
        raw: int32[B, J], results of all channels side by side, -1 where empty.
        bits: uint32[J], bit of the channel that owns each place.
        reader_idx: int32[B].
        offset, data, head, fresh_note, fresh_prev: the seen store.
        live_start: first note row still distributed.
        n_notes: rows of the note table.
        mark: int32[>= n_notes], scratch, values below `serial`.
        place: int16[>= n_notes], scratch.
        serial: a number above every value in `mark`.
        out_note, out_bits: [B, J], results packed to the left, -1 after the last.
        out_n: int32[B], number of results.

    Returns:
        The next serial.
    """
    longest = 0
    for b in range(raw.shape[0]):
        longest = max(longest, offset[reader_idx[b] + 1] - offset[reader_idx[b]])
    seen = np.empty(longest + 1, np.int32)
    for b in range(raw.shape[0]):
        reader = reader_idx[b]
        seen_mark, placed_mark = serial, serial + 1
        serial += 2
        n_seen = decode(data, offset[reader], offset[reader + 1], seen)
        for i in range(n_seen):
            mark[seen[i]] = seen_mark
        entry = head[reader]
        while entry >= 0:
            mark[fresh_note[entry]] = seen_mark
            entry = fresh_prev[entry]
        n = 0
        for j in range(raw.shape[1]):
            candidate = raw[b, j]
            if candidate < live_start or candidate >= n_notes or mark[candidate] == seen_mark:
                continue
            if mark[candidate] == placed_mark:
                out_bits[b, place[candidate]] |= bits[j]
                continue
            mark[candidate] = placed_mark
            place[candidate] = n
            out_note[b, n] = candidate
            out_bits[b, n] = bits[j]
            n += 1
        for j in range(n, raw.shape[1]):
            out_note[b, j] = -1
        out_n[b] = n
    return serial


@njit(cache=True)
def drop(
    shadow: np.uint32,
    note: NDArray[np.int32],
    bits: NDArray[np.uint32],
    n: NDArray[np.int32],
) -> None:
    """Drop candidates that only shadow channels found, in place, keeping the order of the rest.

    Args:
        shadow: bits of the shadow channels.
        note, bits: [B, J], packed to the left.
        n: int32[B], number of candidates.
    """
    for b in range(note.shape[0]):
        kept = 0
        for j in range(n[b]):
            if bits[b, j] & ~shadow:
                note[b, kept] = note[b, j]
                bits[b, kept] = bits[b, j]
                kept += 1
        for j in range(kept, n[b]):
            note[b, j] = -1
        n[b] = kept


@njit(cache=True)
def order_positions(
    values: NDArray[np.float32],
    note_idx: NDArray[np.int32],
    columns: NDArray[np.int16],
    n_kept: NDArray[np.int32],
    n: NDArray[np.int32],
    out: NDArray[np.int16],
) -> None:
    """Write each kept column's 0-based place in the order of `values`, ties by note row."""
    for b in range(columns.shape[0]):
        for i in range(n_kept[b]):
            c = columns[b, i]
            value, note = values[b, c], note_idx[b, c]
            ahead = 0
            for j in range(n[b]):
                other = values[b, j]
                if other > value or (other == value and note_idx[b, j] < note):
                    ahead += 1
            out[b, i] = ahead


@njit(cache=True)
def take(
    columns: NDArray[np.int16],
    n_kept: NDArray[np.int32],
    note_idx: NDArray[np.int32],
    channels: NDArray[np.uint32],
    out_note: NDArray[np.int32],
    out_channels: NDArray[np.uint32],
) -> None:
    """Carry the kept columns of a candidate batch over to the next stage, padded with -1."""
    for b in range(columns.shape[0]):
        for i in range(out_note.shape[1]):
            if i < n_kept[b]:
                out_note[b, i] = note_idx[b, columns[b, i]]
                out_channels[b, i] = channels[b, columns[b, i]]
            else:
                out_note[b, i] = -1
                out_channels[b, i] = 0
