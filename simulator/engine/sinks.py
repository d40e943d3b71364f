"""Where the engine writes its tables; the room of results implements it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class TableSink(Protocol):
    """Appends columns to one table on disk, in parts."""

    @property
    def parts(self) -> int:
        """Finished parts on disk."""

    def append(self, columns: Mapping[str, NDArray[np.generic]]) -> None:
        """Add rows; every column has the same length."""

    def flush(self) -> None:
        """Write what is buffered as a finished part."""

    def truncate_to(self, n_parts: int) -> None:
        """Drop buffered rows and every part after the first `n_parts`."""


@dataclass(frozen=True, slots=True)
class Sinks:
    """All tables of a run, by the names of `simulator.contracts.columns`."""

    events: TableSink
    notes: TableSink
    activity: TableSink
    ticks: TableSink
    trainings: TableSink
    quotas: TableSink
    note_funnel: TableSink

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the tables, in the order of the fields."""
        return tuple(field.name for field in fields(cls))

    def named(self) -> dict[str, TableSink]:
        """Return the sinks by table name."""
        return {name: getattr(self, name) for name in self.names()}
