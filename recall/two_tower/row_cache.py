"""Rows of numbers that are computed when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)


class RowCache(Generic[T]):
    """Keeps what was computed for each note; memory grows with the notes from `first` on.

    Args:
        first: first note row that is kept; results for older notes are computed at each call.
        width: numbers of a row.
        dtype: type of a number.
    """

    def __init__(self, first: int, width: int, dtype: type[T]) -> None:
        self._first = first
        self._values: NDArray[T] = np.empty((0, width), dtype)
        self._is_known = np.empty(0, np.bool_)

    def get(
        self,
        rows: NDArray[np.int32],
        compute: Callable[[NDArray[np.int32]], NDArray[T]],
    ) -> NDArray[T]:
        """Return one row of numbers for each note row.

        Args:
            rows: int32[n], note rows.
            compute: returns the numbers of the given note rows, each independent of the others.
        """
        if not rows.size or int(rows.min()) < self._first:
            return compute(rows)
        at = rows - self._first
        self._reserve(int(at.max()) + 1)
        fresh = ~self._is_known[at]
        if fresh.any():
            self._values[at[fresh]] = compute(rows[fresh])
            self._is_known[at[fresh]] = True
        return self._values[at]

    def known(self) -> NDArray[np.int32]:
        """Return the note rows that are kept, ascending."""
        return (self._first + np.flatnonzero(self._is_known)).astype(np.int32)

    def forget(self, rows: NDArray[np.int32]) -> None:
        """Compute the given kept rows anew when they are asked for next."""
        self._is_known[rows - self._first] = False

    def _reserve(self, n: int) -> None:
        held = self._is_known.shape[0]
        if n > held:
            values = np.zeros((2 * n, self._values.shape[1]), self._values.dtype)
            is_known = np.zeros(2 * n, np.bool_)
            values[:held], is_known[:held] = self._values, self._is_known
            self._values, self._is_known = values, is_known
