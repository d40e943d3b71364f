"""Columns that a policy keeps for every note: they grow with the platform and are checkpointed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from simulator.contracts.plugins import Arrays
from simulator.contracts.table import Table

Columns = Mapping[str, tuple[DTypeLike, float]]
"""Column name -> (dtype, value of a new row)."""


class NoteColumns:
    """One row a note, in the order of the note table.

    Args:
        columns: dtype and starting value of each column.
    """

    def __init__(self, columns: Columns) -> None:
        self._start = {name: value for name, (_, value) in columns.items()}
        self._table = Table({name: (dtype, ()) for name, (dtype, _) in columns.items()})

    @property
    def n(self) -> int:
        """Number of rows so far."""
        return self._table.n

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return the writable rows of one column."""
        return self._table[name]

    def cover(self, n_notes: int) -> NDArray[np.int32]:
        """Add rows up to `n_notes`; return the rows added, int32."""
        first = self._table.n
        if n_notes > first:
            self._table.append(n_notes - first, self._start)
        return np.arange(first, max(n_notes, first), dtype=np.int32)

    def state_arrays(self) -> Arrays:
        """Return the columns, each under `note/` and its name."""
        return self._table.state_arrays("note")

    def load_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        if self._start:
            self._table.load_state("note", arrays)
