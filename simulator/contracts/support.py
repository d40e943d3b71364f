"""How a traffic policy says what help a note gets, and how several policies combine."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

UNLIMITED = np.int32(2**31 - 1)
"""Value of `remaining` for support that no count ends."""


@dataclass(slots=True)
class NoteSupport:
    """Support of one policy in one serving window, M supported notes.

    The effective value of a note at rank is `value * rank + price` while `remaining` is above 0,
    and its organic value after that. `remaining` counts placements in request order inside the
    window, so a quota is never exceeded because many requests saw the same counters.

    Attributes:
        note_idx: int32[M], ascending, no duplicates.
        pre_rank: float32[M], coefficient on the pre-rank value.
        rank: float32[M], coefficient on the rank value.
        price: float32[M], added to the rank value.
        remaining: int32[M], placements that may still be supported, or `UNLIMITED`.
        insert: uint8[M], 1 when the note may fill insertion slots.
    """

    note_idx: NDArray[np.int32]
    pre_rank: NDArray[np.float32]
    rank: NDArray[np.float32]
    price: NDArray[np.float32]
    remaining: NDArray[np.int32]
    insert: NDArray[np.uint8]

    @classmethod
    def of(cls, note_idx: NDArray[np.int32]) -> NoteSupport:
        """Return neutral support (coefficient 1, price 0, unlimited, no insertion) for notes."""
        m = note_idx.shape[0]
        return cls(
            note_idx=note_idx.astype(np.int32, copy=False),
            pre_rank=np.ones(m, np.float32),
            rank=np.ones(m, np.float32),
            price=np.zeros(m, np.float32),
            remaining=np.full(m, UNLIMITED, np.int32),
            insert=np.zeros(m, np.uint8),
        )


@dataclass(slots=True)
class SupportTable:
    """Support of all P policies, by note, as compiled kernels read it.

    Attributes:
        row: int32[N], row of a note in the columns below, -1 when no policy supports it.
        pre_rank, rank, price: float32[P, M].
        remaining: int32[P, M], counted down while slates are assembled.
        insert: uint8[P, M].
        insert_every: a slot for insertion follows every so many organic slots; 0 means never.
    """

    row: NDArray[np.int32]
    pre_rank: NDArray[np.float32]
    rank: NDArray[np.float32]
    price: NDArray[np.float32]
    remaining: NDArray[np.int32]
    insert: NDArray[np.uint8]
    insert_every: int = 0
    _rows: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))

    @classmethod
    def empty(cls, n_notes: int) -> SupportTable:
        """Return a table without any support for `n_notes` notes."""
        none = np.empty((0, 0), np.float32)
        return cls(
            row=np.full(n_notes, -1, np.int32),
            pre_rank=none,
            rank=none,
            price=none,
            remaining=np.empty((0, 0), np.int32),
            insert=np.empty((0, 0), np.uint8),
        )

    def fill(self, supports: list[NoteSupport], n_notes: int, insert_every: int) -> None:
        """Replace the content by the support of all policies, in policy order.

        Args:
            supports: one entry a policy.
            n_notes: rows of the note table now.
            insert_every: see the class.
        """
        self.row[self._rows] = -1
        if self.row.shape[0] < n_notes:
            self.row = np.full(max(n_notes, 2 * self.row.shape[0]), -1, np.int32)
        notes = _union(supports)
        self._rows = notes
        self.row[notes] = np.arange(notes.shape[0], dtype=np.int32)
        shape = (len(supports), notes.shape[0])
        self.pre_rank = np.ones(shape, np.float32)
        self.rank = np.ones(shape, np.float32)
        self.price = np.zeros(shape, np.float32)
        self.remaining = np.zeros(shape, np.int32)
        self.insert = np.zeros(shape, np.uint8)
        self.insert_every = insert_every
        for p, support in enumerate(supports):
            at = self.row[support.note_idx]
            self.pre_rank[p, at] = support.pre_rank
            self.rank[p, at] = support.rank
            self.price[p, at] = support.price
            self.remaining[p, at] = support.remaining
            self.insert[p, at] = support.insert


def _union(supports: list[NoteSupport]) -> NDArray[np.int32]:
    if len(supports) == 1:
        return supports[0].note_idx
    if not supports:
        return np.empty(0, np.int32)
    return np.unique(np.concatenate([support.note_idx for support in supports]))
