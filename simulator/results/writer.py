"""Append rows to a table of a run, part by part, with bounded memory."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.columns import Column
from simulator.contracts.errors import InvariantError, RunError
from simulator.results.atomic import TMP_SUFFIX, writing
from simulator.results.tables import arrow_schema, write_parquet

Values = NDArray[np.generic] | Sequence[str]
_PART = re.compile(r"part-(\d{5,})\.parquet")


class TableWriter:
    """Collects rows in preallocated columns and writes full parts.

    A part appears under its name only when it is complete and on disk, so a killed process
    leaves whole parts and at most one temporary file, which the next writer removes.

    Args:
        folder: folder of the parts; made when missing, existing parts are kept.
        columns: columns of the table.
        rows_per_part: rows of a full part; also bounds the memory held.

    Raises:
        RunError: the folder cannot be made, or a part is missing in it.
    """

    def __init__(
        self, folder: Path, columns: tuple[Column, ...], rows_per_part: int = 500_000
    ) -> None:
        self.folder = Path(folder)
        self._rows_per_part = rows_per_part
        self._schema = arrow_schema(columns)
        self._columns = tuple(c.name for c in columns)
        self._arrays = {
            c.name: np.empty(rows_per_part, c.dtype) for c in columns if c.dtype != "str"
        }
        self._texts: dict[str, list[str]] = {c.name: [] for c in columns if c.dtype == "str"}
        self._n = 0
        self._parts = self._take_over()

    @property
    def parts(self) -> int:
        """Return how many parts are on disk."""
        return self._parts

    @property
    def buffered(self) -> int:
        """Return how many rows wait in memory."""
        return self._n

    def append(self, columns: Mapping[str, Values]) -> None:
        """Add rows; a full buffer is written.

        Args:
            columns: one array (or list of texts) a column, all of one length.

        Raises:
            InvariantError: a column is missing, longer or shorter, or of another kind.
            RunError: a part could not be written.
        """
        n = self._length(columns)
        start = 0
        while start < n:
            stop = min(n, start + self._rows_per_part - self._n)
            self._copy(columns, start, stop)
            start = stop
            if self._n == self._rows_per_part:
                self.flush()

    def flush(self) -> None:
        """Write the rows in memory as the next part; nothing happens when there are none.

        Raises:
            RunError: the part could not be written; the rows stay in memory.
        """
        if self._n == 0:
            return
        import pyarrow as pa

        chunks = [
            pa.array(self._arrays[name][: self._n] if name in self._arrays else self._texts[name])
            for name in self._columns
        ]
        table = pa.Table.from_arrays(chunks, schema=self._schema)
        write_parquet(self._part(self._parts), table)
        self._parts += 1
        self._forget()

    def truncate_to(self, n_parts: int) -> None:
        """Go back to the first parts: drop later ones and the rows in memory.

        Args:
            n_parts: number of parts to keep, as `parts` was after a `flush`.

        Raises:
            RunError: fewer parts are on disk than asked for.
        """
        if n_parts > self._parts:
            message = f"{self.folder} holds {self._parts} parts, but {n_parts} are needed to go on."
            raise RunError(message, "read")
        with writing(self.folder):
            while self._parts > n_parts:
                self._part(self._parts - 1).unlink()
                self._parts -= 1
        self._forget()

    def _take_over(self) -> int:
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            names = [path.name for path in self.folder.iterdir()]
            for name in names:
                if name.endswith(TMP_SUFFIX):
                    (self.folder / name).unlink()
        found = sorted(int(match[1]) for name in names if (match := _PART.fullmatch(name)))
        if found != list(range(len(found))):
            missing = min(set(range(len(found))) - set(found))
            raise RunError(f"{self._part(missing)} is missing.", "read")
        return len(found)

    def _part(self, number: int) -> Path:
        return self.folder / f"part-{number:05d}.parquet"

    def _forget(self) -> None:
        self._n = 0
        for texts in self._texts.values():
            texts.clear()

    def _length(self, columns: Mapping[str, Values]) -> int:
        try:
            n = len(columns[self._columns[0]])
            for name in self._columns:
                if len(columns[name]) != n:
                    message = f"{self.folder.name}.{name} has {len(columns[name])} rows, not {n}"
                    raise InvariantError(message)
        except KeyError as error:
            raise InvariantError(f"{self.folder.name} lacks column {error}") from error
        return n

    def _copy(self, columns: Mapping[str, Values], start: int, stop: int) -> None:
        at = self._n
        end = at + stop - start
        for name, array in self._arrays.items():
            try:
                np.copyto(array[at:end], columns[name][start:stop], casting="same_kind")
            except TypeError as error:
                raise InvariantError(f"{self.folder.name}.{name}: {error}") from error
        for name, texts in self._texts.items():
            del texts[at:]
            texts.extend(map(str, columns[name][start:stop]))
        self._n = end
