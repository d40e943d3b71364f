"""Compiled parts of the seen-filter: variable-length delta code and its daily rebuild."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, inline="always")
def _put(data: NDArray[np.uint8], at: int, delta: int) -> int:
    while delta >= 128:
        data[at] = (delta & 127) | 128
        delta >>= 7
        at += 1
    data[at] = delta
    return at + 1


@njit(cache=True)
def decode(data: NDArray[np.uint8], start: int, stop: int, out: NDArray[np.int32]) -> int:
    """Write the sorted notes coded in `data[start:stop]` to `out`; return how many."""
    n = 0
    note = np.int64(-1)
    at = start
    while at < stop:
        delta = np.int64(data[at] & 127)
        shift = 7
        while data[at] & 128:
            at += 1
            delta |= np.int64(data[at] & 127) << shift
            shift += 7
        at += 1
        note += delta
        out[n] = note
        n += 1
    return n


@njit(cache=True)
def rebuild(
    offset: NDArray[np.int64],
    data: NDArray[np.uint8],
    head: NDArray[np.int32],
    fresh_note: NDArray[np.int32],
    fresh_prev: NDArray[np.int32],
    n_fresh: int,
    first_note: int,
    new_offset: NDArray[np.int64],
    new_data: NDArray[np.uint8],
) -> None:
    """Merge fresh entries into the coded lists and drop notes before `first_note`."""
    n_readers = head.shape[0]
    longest = 0
    for r in range(n_readers):
        longest = max(longest, offset[r + 1] - offset[r])
    old = np.empty(longest + 1, np.int32)
    fresh = np.empty(n_fresh + 1, np.int32)
    at = 0
    new_offset[0] = 0
    for r in range(n_readers):
        n_old = decode(data, offset[r], offset[r + 1], old)
        n_new = 0
        entry = head[r]
        while entry >= 0:
            fresh[n_new] = fresh_note[entry]
            n_new += 1
            entry = fresh_prev[entry]
        if n_new > 1:
            fresh[:n_new] = np.sort(fresh[:n_new])
        last = -1
        i, j = 0, 0
        while i < n_old or j < n_new:
            if j >= n_new or (i < n_old and old[i] <= fresh[j]):
                note = old[i]
                i += 1
            else:
                note = fresh[j]
                j += 1
            if note >= first_note and note != last:
                at = _put(new_data, at, note - last)
                last = note
        new_offset[r + 1] = at
