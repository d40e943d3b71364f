"""One fingerprint of everything that a run found out.

The digest depends on values alone: not on how rows are cut into parts, on the file encoding, on
the byte order of the machine, or on library versions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.contracts.columns import Column
from simulator.contracts.errors import RunError
from simulator.results.tables import TABLES, TableSpec

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_BATCH_ROWS: Final = 131_072


def run_digest(folder: Path, tables: Iterable[str] = tuple(TABLES)) -> str:
    """Return the digest of the result tables of a run, 32 hexadecimal digits.

    Args:
        folder: run folder.
        tables: names of the tables to include.

    Raises:
        RunError: a table is missing or damaged.
    """
    total = _hasher()
    for name in sorted(tables):
        total.update(f"{name}:{_table_digest(folder, TABLES[name])};".encode())
    return total.hexdigest()


class _ColumnHash:
    """Digest of one column fed in chunks: values, lengths of texts, places of nulls."""

    def __init__(self, column: Column) -> None:
        self.name = column.name
        self._dtype = None if column.dtype == "str" else np.dtype(column.dtype).newbyteorder("<")
        self._values, self._lengths, self._nulls = _hasher(), _hasher(), _hasher()
        self._n = 0

    def update(self, chunk: pa.Array) -> None:
        if chunk.null_count:
            places = np.flatnonzero(chunk.is_null().to_numpy(zero_copy_only=False)) + self._n
            self._nulls.update(places.astype("<i8").tobytes())
            chunk = chunk.fill_null("" if self._dtype is None else 0)
        self._n += len(chunk)
        if self._dtype is None:
            self._update_texts(chunk.to_pylist())
        else:
            self._values.update(_canonical(chunk.to_numpy(zero_copy_only=False), self._dtype))

    def _update_texts(self, texts: list[str]) -> None:
        coded = [text.encode() for text in texts]
        self._lengths.update(np.array([len(text) for text in coded], "<i8").tobytes())
        self._values.update(b"".join(coded))

    def __str__(self) -> str:
        parts = (self._values, self._lengths, self._nulls)
        kind = "str" if self._dtype is None else self._dtype.name
        return ":".join([self.name, kind, str(self._n), *(part.hexdigest() for part in parts)])


def _hasher() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=16)


def _canonical(values: NDArray[np.generic], dtype: np.dtype[np.generic]) -> bytes:
    """Return the bytes of a column with one representation of zero and of NaN."""
    out = np.ascontiguousarray(values, dtype)
    if out.dtype.kind == "f":
        out = out + out.dtype.type(0)
        out[np.isnan(out)] = np.nan
    return out.tobytes()


def _table_digest(folder: Path, spec: TableSpec) -> str:
    import pyarrow as pa

    hashes = [_ColumnHash(column) for column in spec.columns]
    files = spec.files(folder)
    if not files and not spec.in_parts:
        raise RunError(f"{folder / spec.place} is missing.", "read")
    for path in files:
        try:
            _read_into(path, hashes)
        except (pa.ArrowException, OSError, KeyError) as error:
            message = f"{path} is damaged or cut short; run the scenario again."
            raise RunError(message, "read") from error
    total = _hasher()
    for column in hashes:
        total.update(f"{column};".encode())
    return total.hexdigest()


def _read_into(path: Path, hashes: list[_ColumnHash]) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = [column.name for column in hashes]
        for batch in file.iter_batches(_BATCH_ROWS, columns=names, use_threads=False):
            for column in hashes:
                column.update(batch.column(column.name))
