"""Ring of the latest training rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import N_HEADS
from simulator.contracts.plugins import Arrays
from simulator.ranking.features import N_FEATURES


class TrainingLog:
    """Keeps the latest rows; memory grows with use up to the capacity.

    Args:
        capacity: most rows kept.

    Attributes:
        at: place of the next row.
        rows: float32[reserved, N_FEATURES].
        labels: float32[reserved, N_HEADS].
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._n = 0
        self.at = 0
        self.rows = np.zeros((0, N_FEATURES), np.float32)
        self.labels = np.zeros((0, N_HEADS), np.float32)

    @property
    def n(self) -> int:
        """Rows stored."""
        return self._n

    def reserve(self, n_more: int) -> None:
        """Make room for at most `n_more` rows, as far as the capacity allows."""
        wanted = min(self._n + n_more, self._capacity)
        if wanted <= self.rows.shape[0]:
            return
        size = min(max(wanted, 2 * self.rows.shape[0], 1_024), self._capacity)
        for name in ("rows", "labels"):
            old = getattr(self, name)
            grown = np.zeros((size, old.shape[1]), np.float32)
            grown[: self._n] = old[: self._n]
            setattr(self, name, grown)

    def advance(self, n_added: int) -> None:
        """Count rows that were written from `at` on, around the end of the ring."""
        self._n = min(self._n + n_added, self.rows.shape[0])
        self.at += n_added
        if self.rows.shape[0] == self._capacity:
            self.at %= self._capacity

    def stored(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the rows and labels in order of storage."""
        return self.rows[: self._n], self.labels[: self._n]

    def state_arrays(self) -> Arrays:
        """Return the stored rows and the place of the next one."""
        return {
            "rows": self.rows[: self._n].copy(),
            "labels": self.labels[: self._n].copy(),
            "at": np.array([self.at]),
        }

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        n = arrays["rows"].shape[0]
        self._n = 0
        self.reserve(n)
        self._n = n
        self.rows[:n] = arrays["rows"]
        self.labels[:n] = arrays["labels"]
        self.at = int(arrays["at"].astype(np.int64)[0])
