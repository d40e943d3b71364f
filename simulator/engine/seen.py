"""Which notes each reader has seen: exact, in about one byte an entry.

A sorted list of note rows for each reader, coded as differences of 7-bit groups, plus the entries
since the last rebuild as linked lists in one pool. Several times a day both are merged and notes
that are no longer distributed are dropped, so memory follows the impressions of the last 30 days.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.engine import seen_kernels

_MOST_FRESH_PER_READER = 12


class SeenStore:
    """Seen notes by reader.

    Attributes:
        offset: int64[R + 1], byte range of each reader in `data`.
        data: uint8[...], coded sorted note rows.
        head: int32[R], newest entry of the reader in the pool, -1 for none.
        fresh_note, fresh_prev: int32[...], pool of entries since the last rebuild.
        n_fresh: entries in the pool.
    """

    def __init__(self, n_readers: int) -> None:
        self.offset = np.zeros(n_readers + 1, np.int64)
        self.data = np.zeros(1, np.uint8)
        self.head = np.full(n_readers, -1, np.int32)
        self.fresh_note = np.empty(4_096, np.int32)
        self.fresh_prev = np.empty(4_096, np.int32)
        self.n_fresh = 0

    def add_readers(self, n_new: int) -> None:
        """Register readers who have seen nothing."""
        self.offset = np.concatenate([self.offset, np.full(n_new, self.offset[-1])])
        self.head = np.concatenate([self.head, np.full(n_new, -1, np.int32)])

    def reserve(self, n_new: int) -> None:
        """Make room for entries; the commit kernel writes them."""
        need = self.n_fresh + n_new
        if need > self.fresh_note.shape[0]:
            size = max(need, self.fresh_note.shape[0] * 5 // 4)
            self.fresh_note = np.resize(self.fresh_note, size)
            self.fresh_prev = np.resize(self.fresh_prev, size)

    def tidy(self) -> None:
        """Rebuild if the pool, at eight bytes an entry, has become large beside the coded lists."""
        if self.n_fresh > _MOST_FRESH_PER_READER * self.head.shape[0]:
            self.rebuild(0)

    def rebuild(self, first_note: int) -> None:
        """Merge the pool into the coded lists, forgetting notes before row `first_note`."""
        new_offset = np.empty_like(self.offset)
        new_data = np.empty(self.data.shape[0] + 5 * self.n_fresh + 1, np.uint8)
        seen_kernels.rebuild(
            self.offset,
            self.data,
            self.head,
            self.fresh_note,
            self.fresh_prev,
            self.n_fresh,
            first_note,
            new_offset,
            new_data,
        )
        self.offset = new_offset
        self.data = new_data[: max(1, int(new_offset[-1]))].copy()
        self.head.fill(-1)
        self.n_fresh = 0

    def notes_of(self, reader_idx: int) -> NDArray[np.int32]:
        """Return the sorted note rows that a reader has seen (for tests and inspection)."""
        start, stop = self.offset[reader_idx], self.offset[reader_idx + 1]
        out = np.empty(int(stop - start) + 1, np.int32)
        coded = out[: seen_kernels.decode(self.data, start, stop, out)]
        fresh, entry = [], int(self.head[reader_idx])
        while entry >= 0:
            fresh.append(self.fresh_note[entry])
            entry = int(self.fresh_prev[entry])
        return np.unique(np.concatenate([coded, np.array(fresh, np.int32)]))

    def nbytes(self) -> int:
        """Return the bytes in use."""
        return int(
            self.offset.nbytes + self.data.nbytes + self.head.nbytes + 8 * self.fresh_note.shape[0]
        )

    def state_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the store as arrays."""
        return {
            "offset": self.offset,
            "data": self.data,
            "head": self.head,
            "fresh_note": self.fresh_note[: self.n_fresh],
            "fresh_prev": self.fresh_prev[: self.n_fresh],
        }

    def load_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        self.offset = arrays["offset"].astype(np.int64)
        self.data = arrays["data"].astype(np.uint8)
        self.head = arrays["head"].astype(np.int32)
        self.n_fresh = 0
        n = arrays["fresh_note"].shape[0]
        self.reserve(n)
        self.fresh_note[:n] = arrays["fresh_note"]
        self.fresh_prev[:n] = arrays["fresh_prev"]
        self.n_fresh = n
