"""ID vectors of readers or notes: a window of rows that moves with the platform."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.plugins import Arrays
from simulator.contracts.random import normal

_INITIAL_SD = 0.02


@dataclass(slots=True)
class IdTable:
    """ID vectors of the entities `first` to `end`, and one that all others share.

    An entity outside of the window has the vector that it would start with, a small random one
    keyed by its row, so nothing depends on when the window moved.

    Attributes:
        key: seed and purpose of the starting vectors.
        first: row of the first entity.
        vectors: float32[n, d].
        moments: float32[n, d], sums of squared gradients (Adagrad).
        clicks: int32[n], clicks that full trainings have learned from.
        default: float32[2, d], the shared vector, and its sums of squared gradients.
    """

    key: tuple[int, str]
    first: int
    vectors: NDArray[np.float32]
    moments: NDArray[np.float32]
    clicks: NDArray[np.int32]
    default: NDArray[np.float32]

    @classmethod
    def empty(cls, dim: int, key: tuple[int, str]) -> IdTable:
        """Return a table without entities."""
        none = np.empty((0, dim), np.float32)
        return cls(key, 0, none, none, np.empty(0, np.int32), np.zeros((2, dim), np.float32))

    @property
    def end(self) -> int:
        """Row after the last entity."""
        return self.first + int(self.clicks.shape[0])

    @property
    def dim(self) -> int:
        """Width of an ID vector."""
        return int(self.default.shape[1])

    def copy(self) -> IdTable:
        """Return a table that can be changed without changing this one."""
        vectors, moments = self.vectors.copy(), self.moments.copy()
        return IdTable(
            self.key, self.first, vectors, moments, self.clicks.copy(), self.default.copy()
        )

    def move(self, first: int, end: int) -> None:
        """Drop the entities before `first` and take in those up to `end`."""
        first, end = max(first, self.first), max(end, self.end)
        gone = min(first - self.first, self.clicks.shape[0])
        added = np.arange(max(first, self.end), end)
        self.vectors = np.concatenate([self.vectors[gone:], self._initial(added)])
        blank = np.zeros((added.size, self.dim), np.float32)
        self.moments = np.concatenate([self.moments[gone:], blank])
        self.clicks = np.concatenate([self.clicks[gone:], np.zeros(added.size, np.int32)])
        self.first = first

    def own(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return float32[len(rows), d], each entity's own vector."""
        is_in = (rows >= self.first) & (rows < self.end)
        if is_in.all():
            return self.vectors[rows - self.first]
        out = np.empty((rows.shape[0], self.dim), np.float32)
        out[is_in] = self.vectors[rows[is_in] - self.first]
        out[~is_in] = self._initial(rows[~is_in])
        return out

    def clicks_of(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return int32[len(rows)], 0 outside of the window."""
        is_in = (rows >= self.first) & (rows < self.end)
        found = np.zeros(rows.shape[0], np.int32)
        found[is_in] = self.clicks[rows[is_in] - self.first]
        return found

    def spread(self) -> NDArray[np.float32]:
        """Return float32[d], root mean square over the vectors of entities with clicks."""
        learned = self.vectors[self.clicks > 0]
        if not learned.size:
            return np.full(self.dim, _INITIAL_SD, np.float32)
        return np.asarray(np.sqrt((learned * learned).mean(axis=0)), np.float32)

    def count(self, rows: NDArray[np.int32]) -> None:
        """Add one click to each row, as often as it is named; all are in the window."""
        at = rows - self.first
        self.clicks += np.bincount(at, minlength=self.clicks.shape[0]).astype(np.int32)

    def state_arrays(self) -> Arrays:
        """Return the table as arrays, by name."""
        arrays = {name: getattr(self, name).copy() for name in _ARRAYS}
        return {"first": np.array([self.first]), **arrays}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        self.first = int(np.asarray(arrays["first"], np.int64)[0])
        for name in _ARRAYS:
            setattr(self, name, np.array(arrays[name]))

    def _initial(self, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        drawn = normal(*self.key, rows[:, None], np.arange(self.dim)[None])
        return (drawn * _INITIAL_SD).astype(np.float32)


_ARRAYS = tuple(f.name for f in fields(IdTable) if f.name not in {"key", "first"})
