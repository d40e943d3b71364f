"""Struct-of-arrays tables that grow by a quarter at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Layout = Mapping[str, tuple[DTypeLike, tuple[int, ...]]]
"""Column name -> (dtype, shape of one row)."""


class Table:
    """Columns with one row an entity; row numbers are stable and never reused.

    Args:
        layout: dtype and row shape of every column.
        capacity: rows reserved at the start.
    """

    def __init__(self, layout: Layout, capacity: int = 1_024) -> None:
        self._layout = dict(layout)
        self._data = {
            name: np.zeros((capacity, *shape), dtype) for name, (dtype, shape) in layout.items()
        }
        self._capacity = capacity
        self.n = 0

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return the writable rows in use of one column."""
        return self._data[name][: self.n]

    def append(self, n_new: int, columns: Mapping[str, object]) -> slice:
        """Add rows; columns not given start at zero.

        Args:
            n_new: number of rows.
            columns: values that broadcast to `(n_new, *row shape)`.

        Returns:
            The slice of the new rows.
        """
        self._reserve(self.n + n_new)
        rows = slice(self.n, self.n + n_new)
        for name, values in columns.items():
            self._data[name][rows] = values
        self.n += n_new
        return rows

    def frozen(self, name: str) -> NDArray[Any]:
        """Return the rows in use of one column as a read-only view."""
        view = self._data[name][: self.n]
        view.flags.writeable = False
        return view

    def nbytes(self) -> int:
        """Return the bytes reserved by all columns."""
        return sum(column.nbytes for column in self._data.values())

    def state_arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return copies of the rows in use, keyed `prefix/column`."""
        return {f"{prefix}/{name}": self[name].copy() for name in self._data}

    def load_state(self, prefix: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Replace all rows by what `state_arrays` returned."""
        self.n = 0
        columns = {name: arrays[f"{prefix}/{name}"] for name in self._data}
        self.append(next(iter(columns.values())).shape[0], columns)

    def _reserve(self, n: int) -> None:
        if n <= self._capacity:
            return
        self._capacity = max(n, self._capacity + self._capacity // 4)
        for name, (dtype, shape) in self._layout.items():
            grown = np.zeros((self._capacity, *shape), dtype)
            grown[: self.n] = self._data[name][: self.n]
            self._data[name] = grown
