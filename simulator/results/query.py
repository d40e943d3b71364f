"""SQL over the tables of a run: the only place that opens DuckDB."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.errors import RunError
from simulator.results.atomic import atomic_write
from simulator.results.tables import TABLES, TableSpec, table_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import pandas as pd

_SQL_TYPES: Final = {
    "float64": "DOUBLE",
    "float32": "FLOAT",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint32": "UINTEGER",
    "str": "VARCHAR",
}

_FULL_SIGNS: Final = ("No space left", "File too large", "Disk quota exceeded")

INTERACTIONS: Final = '("like" + "collect" + "comment" + "share")'
"""Interactions of one impression, 0 to 4: likes, collects, comments and shares."""

TIME_MS: Final = "CAST(round((view_s::DOUBLE + dwell_s::DOUBLE) * 1000) AS BIGINT)"
"""Time spent on one impression, whole milliseconds, so that sums are exact in any order."""


class Query:
    """An in-memory DuckDB connection with one view a table of the run.

    One thread and integer sums make every result independent of how the rows are cut into
    parts. Memory is bounded; what does not fit goes to `scratch`.

    Args:
        folder: run folder.
        tables: names of the tables to offer, from `TABLES` and `OF_TESTS`.
        memory_mb: bound on the memory of queries, MB.
        scratch: folder for what does not fit; the system's one by default.
    """

    def __init__(
        self,
        folder: Path,
        tables: Iterable[str],
        memory_mb: int = 640,
        scratch: Path | None = None,
    ) -> None:
        import duckdb

        self.folder = folder
        self._errors = duckdb.Error
        self._mistakes = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
        place = scratch or Path(tempfile.gettempdir()) / "notesim-scratch"
        self._connection: duckdb.DuckDBPyConnection = duckdb.connect(
            config={
                "threads": 1,
                "memory_limit": f"{memory_mb}MB",
                "temp_directory": str(place),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
        )
        for table in tables:
            self.offer(table)

    def offer(self, table: str) -> None:
        """Make a view of a table as it now is on disk."""
        spec = table_spec(table)
        files = spec.files(self.folder)
        if not files and not spec.in_parts:
            raise RunError(f"{self.folder / spec.place} is missing.", "read")
        source = _scan(files) if files else _nothing(spec)
        self.execute(f"CREATE OR REPLACE VIEW {table} AS {source}")

    def execute(self, sql: str) -> None:
        """Run a statement for its effect."""
        with self._reading():
            self._connection.execute(sql)

    def columns(self, sql: str) -> dict[str, NDArray[np.generic]]:
        """Return the result by column; a column with nulls is float64 with NaN."""
        with self._reading():
            found = self._connection.execute(sql).fetchnumpy()
        return {name: _plain(np.ma.asanyarray(values)) for name, values in found.items()}

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the result as a DataFrame."""
        with self._reading():
            return self._connection.execute(sql).df()

    def store(self, table: str, sql: str) -> None:
        """Write the rows of a query as a table of the run, atomically.

        Args:
            table: name in `TABLES` or `OF_TESTS`.
            sql: query with the table's columns, in any order, in row order.

        Raises:
            RunError: the file could not be written or a source table not read.
        """
        spec = table_spec(table)
        typed = ", ".join(
            f'CAST("{c.name}" AS {_SQL_TYPES[c.dtype]}) AS "{c.name}"' for c in spec.columns
        )

        def fill(temporary: Path) -> None:
            target = str(temporary).replace("'", "''")
            self.execute(
                f"COPY (SELECT {typed} FROM ({sql})) TO '{target}' "
                "(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
            )

        atomic_write(self.folder / spec.place, fill)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except self._mistakes as error:
            raise RunError(f"The query is not valid: {_first_line(error)}", "read") from error
        except self._errors as error:
            raise _explained(self.folder, error) from error


def _explained(folder: Path, error: Exception) -> RunError:
    text = _first_line(error)
    if any(sign in text for sign in _FULL_SIGNS):
        return RunError(
            f"The disk is full: cannot write in {folder}. Free some space first.", "write"
        )
    for spec in TABLES.values():
        for path in spec.files(folder):
            if _is_damaged(path):
                return RunError(f"{path} is damaged or cut short; run the scenario again.", "read")
    return RunError(f"A query over {folder} failed: {text}", "read")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _is_damaged(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for _ in pq.ParquetFile(path).iter_batches():
            pass
    except (pa.ArrowException, OSError):
        return True
    return False


def _scan(files: list[Path]) -> str:
    quoted = ", ".join(f"'{_literal(path)}'" for path in files)
    return f"SELECT * FROM read_parquet([{quoted}])"


def _literal(path: Path) -> str:
    """Return a path as DuckDB takes it: no character of it acts as a pattern."""
    plain = "".join(f"[{c}]" if c in "*?[" else c for c in str(path))
    return plain.replace("'", "''")


def _nothing(spec: TableSpec) -> str:
    nulls = ", ".join(f'CAST(NULL AS {_SQL_TYPES[c.dtype]}) AS "{c.name}"' for c in spec.columns)
    return f"SELECT {nulls} LIMIT 0"


def _plain(values: NDArray[np.generic]) -> NDArray[np.generic]:
    if np.ma.is_masked(values):
        return np.ma.filled(values.astype(np.float64), np.nan)
    return np.asarray(np.ma.getdata(values))
