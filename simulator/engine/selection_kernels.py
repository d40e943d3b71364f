"""Compiled truncation of candidates and the effect of support on their values."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import SlotKind

_EXPLORE = int(SlotKind.EXPLORE)
_MOST_PICKS = 255
_BYTE = np.uint64(255)
_SIGN = np.uint32(0x80000000)
_ALL = np.uint32(0xFFFFFFFF)


@njit(cache=True, inline="always")
def _descending(bits: np.uint32) -> np.uint32:
    """Map the bits of a float32 to an integer that falls as the float rises."""
    return bits if bits & _SIGN else ~(bits | _SIGN)


@njit(cache=True)
def _sort_row(
    bits: NDArray[np.uint32],
    note_idx: NDArray[np.int32],
    b: int,
    n: int,
    keys: NDArray[np.uint64],
    spare: NDArray[np.uint64],
    counts: NDArray[np.int32],
) -> None:
    """Leave in the low 16 bits of `keys` the columns of row b, best first, ties by note."""
    counts[:] = 0
    for k in range(n):
        key = np.uint64(_descending(bits[b, k]))
        keys[k] = (key << np.uint64(16)) | np.uint64(k)
        for digit in range(4):
            counts[digit, (key >> np.uint64(8 * digit)) & _BYTE] += 1
    for digit in range(4):
        at = 0
        for value in range(256):
            count = counts[digit, value]
            counts[digit, value] = at
            at += count
        shift = np.uint64(16 + 8 * digit)
        for k in range(n):
            value = (keys[k] >> shift) & _BYTE
            spare[counts[digit, value]] = keys[k]
            counts[digit, value] += 1
        keys, spare = spare, keys
    column = np.uint64(0xFFFF)
    for k in range(1, n):
        key = keys[k]
        note, j = note_idx[b, key & column], k
        while (
            j > 0
            and (keys[j - 1] >> np.uint64(16)) == (key >> np.uint64(16))
            and note_idx[b, keys[j - 1] & column] > note
        ):
            keys[j] = keys[j - 1]
            j -= 1
        keys[j] = key


@njit(cache=True)
def truncate_rows(
    values: NDArray[np.float32],
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    new_start: int,
    new_keep: int,
    reserved: NDArray[np.uint8],
    n_reserved: int,
    sure: NDArray[np.uint8],
    columns: NDArray[np.int16],
    n_kept: NDArray[np.int32],
) -> None:
    """Pick the best columns of each row, best first; see `selection.truncate`.

    Args:
        values: float32[B, K].
        note_idx: int32[B, K].
        n: int32[B].
        new_start: first note row that counts as new.
        new_keep: places for new notes alone, or -1 for free competition.
        reserved: uint8[B, K], or of no size when `n_reserved` is 0.
        n_reserved: places for reserved candidates.
        sure: uint8[B, K], above 0 for what is kept whatever its value, or of no size for none.
        columns: int16[B, keep], receives columns, -1 where empty.
        n_kept: int32[B], receives their number.
    """
    keep, width = columns.shape[1], values.shape[1]
    bits = values.view(np.uint32)
    keys, spare = np.empty(width, np.uint64), np.empty(width, np.uint64)
    counts = np.empty((4, 256), np.int32)
    for b in range(values.shape[0]):
        _sort_row(bits, note_idx, b, n[b], keys, spare, counts)
        is_split = new_keep >= 0
        first, n_sure = 0, 0
        for k in range(n[b]):
            if sure.shape[0] and sure[b, k]:
                n_sure += 1
            elif not is_split and n_reserved > 0 and reserved[b, k]:
                first += 1
        n_sure = min(n_sure, keep)
        first = min(new_keep if is_split else min(first, n_reserved), keep)
        second = keep - first - n_sure
        if second < 0:
            first, second = first + second, 0
        kept = 0
        for i in range(n[b]):
            k = int(keys[i] & np.uint64(0xFFFF))
            is_lane = note_idx[b, k] >= new_start
            if not is_split:
                is_lane = first > 0 and reserved[b, k] > 0
            if sure.shape[0] and sure[b, k]:
                if n_sure == 0:
                    continue
                n_sure -= 1
            elif is_lane and first > 0:
                first -= 1
            elif second > 0 and not (is_split and is_lane):
                second -= 1
            else:
                continue
            columns[b, kept] = k
            kept += 1
        n_kept[b] = kept
        for i in range(kept, keep):
            columns[b, i] = -1


@njit(cache=True)
def support_values(
    values: NDArray[np.float32],
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    supported: NDArray[np.uint8],
    row: NDArray[np.int32],
    coefficient: NDArray[np.float32],
    price: NDArray[np.float32],
    remaining: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    """Write value·Π coefficient + Σ price over the policies that still support a note.

    Args:
        values, note_idx: [B, K].
        n: int32[B].
        supported: uint8[B, K], bits of the policies that may act.
        row: int32[N].
        coefficient: float32[P, M].
        price: float32[P, M], or float32[0, M] where no price counts.
        remaining: int32[P, M].
        out: float32[B, K].
    """
    for b in range(values.shape[0]):
        for k in range(values.shape[1]):
            value, added = values[b, k], np.float32(0.0)
            if k < n[b] and supported[b, k] and note_idx[b, k] < row.shape[0]:
                m = row[note_idx[b, k]]
                if m >= 0:
                    for p in range(coefficient.shape[0]):
                        if (supported[b, k] >> p) & 1 and remaining[p, m] > 0:
                            value *= coefficient[p, m]
                            if p < price.shape[0]:
                                added += price[p, m]
            out[b, k] = value + added


@njit(cache=True)
def mark_insertable(
    note_idx: NDArray[np.int32],
    n: NDArray[np.int32],
    supported: NDArray[np.uint8],
    row: NDArray[np.int32],
    remaining: NDArray[np.int32],
    insert: NDArray[np.uint8],
    out: NDArray[np.uint8],
) -> None:
    """Write 1 where a policy with `remaining` may put the candidate into an insertion slot."""
    for b in range(note_idx.shape[0]):
        for k in range(note_idx.shape[1]):
            out[b, k] = 0
            if k < n[b] and supported[b, k] and note_idx[b, k] < row.shape[0]:
                m = row[note_idx[b, k]]
                if m >= 0:
                    for p in range(insert.shape[0]):
                        if (supported[b, k] >> p) & 1 and insert[p, m] and remaining[p, m] > 0:
                            out[b, k] = 1


@njit(cache=True)
def mark_picks(
    found: NDArray[np.int32],
    start: int,
    stop: int,
    slot_kind: NDArray[np.uint8],
    picks_per_slot: int,
    alone: np.uint32,
    note_idx: NDArray[np.int32],
    channels: NDArray[np.uint32],
    n: NDArray[np.int32],
    out: NDArray[np.uint8],
) -> None:
    """Number the picks for exploration slots, and drop what else only their channel found.

    Args:
        found: int32[B, J], results of all channels side by side.
        start, stop: places of the channel that picks, first pick first.
        slot_kind: uint8[B, S].
        picks_per_slot: picks for each exploration slot.
        alone: bits of channels whose finds are no candidates on their own account.
        note_idx, channels, n: the candidates; changed in place, their order kept.
        out: uint8[B, J], receives places from 1 in the order of picks, 0 for other candidates.
    """
    for b in range(note_idx.shape[0]):
        most, place, kept = 0, 0, 0
        for s in range(slot_kind.shape[1]):
            most += picks_per_slot if slot_kind[b, s] == _EXPLORE else 0
        most = min(most, _MOST_PICKS)
        out[b] = 0
        for j in range(start, stop):
            if place == most or found[b, j] < 0:
                break
            for k in range(n[b]):
                if note_idx[b, k] == found[b, j]:
                    place += 1
                    out[b, k] = place
                    break
        for k in range(n[b]):
            pick = out[b, k]
            if channels[b, k] & ~alone or pick > 0:
                note_idx[b, kept], channels[b, kept] = note_idx[b, k], channels[b, k]
                out[b, kept] = pick
                kept += 1
        for k in range(kept, n[b]):
            note_idx[b, k], out[b, k] = -1, 0
        n[b] = kept
