"""Copy the tables of an unfinished run to another folder, with other arms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.results.tables import TABLES, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_NOTE_KEYS: Final = ("note_id", "creator_id", "category", "published_t")


def copy_tables(
    source: Path,
    target: Path,
    reader_arms: Callable[[NDArray[np.int32]], NDArray[np.uint8]],
    note_arms: Callable[..., NDArray[np.uint8]],
) -> None:
    """Copy every part of every growing table, with the columns of arms written anew.

    Args:
        source: run folder whose checkpoint was just written.
        target: run folder of the copy; the folders of its tables exist.
        reader_arms: from ids of readers to their arms.
        note_arms: from ids of notes, of their creators, categories and times of publication to
            their arms.

    Raises:
        RunError: a part could not be written.
    """
    import pyarrow.parquet as pq

    of_note: NDArray[np.uint8] = np.empty(0, np.uint8)
    names = ["notes", *(n for n, spec in TABLES.items() if spec.in_parts and n != "notes")]
    for name in names:
        for path in TABLES[name].files(source):
            table = pq.read_table(path)
            if name == "notes":
                arms = note_arms(*(table[key].to_numpy() for key in _NOTE_KEYS))
                table = _with(table, "note_arm", arms)
                of_note = np.concatenate([of_note, arms])
            elif name == "events":
                table = _with(table, "note_arm", of_note[table["note_id"].to_numpy()])
            if "reader_arm" in table.column_names:
                table = _with(table, "reader_arm", reader_arms(table["reader_id"].to_numpy()))
            write_parquet(target / TABLES[name].place / path.name, table)


def _with(table: pa.Table, column: str, values: NDArray[np.uint8]) -> pa.Table:
    import pyarrow as pa

    at = table.column_names.index(column)
    return table.set_column(at, table.schema.field(column), pa.array(values, pa.uint8()))
