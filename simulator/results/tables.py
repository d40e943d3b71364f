"""Every table of a run: its columns and where it lies in the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.contracts.columns import (
    ACTIVITY,
    EVENTS,
    NOTE_FUNNEL,
    NOTES,
    QUOTAS,
    TICKS,
    TRAININGS,
    Column,
)
from simulator.results.atomic import atomic_write

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

FEEDBACK_COUNTS: Final = (
    "impressions",
    "clicks",
    "likes",
    "collects",
    "comments",
    "shares",
    "follows",
    "hides",
)
"""Counts that unit tables share, in stored order."""

_FEEDBACK: Final = tuple(Column(name, "int32", f"{name} of the day") for name in FEEDBACK_COUNTS)

READER_DAYS: Final = (
    Column("day", "int16", "day, 0 is the first measured day, negative while warming up"),
    Column("reader_id", "int32", "reader"),
    Column("reader_arm", "uint8", "experiment arm of the reader"),
    Column("sessions", "int32", "sessions started"),
    Column("requests", "int32", "requests sent"),
    *_FEEDBACK,
    Column("time_spent_s", "float64", "seconds in view and reading"),
    Column("new_impressions", "int32", "impressions of new notes"),
    Column("new_clicks", "int32", "clicks on new notes"),
    Column("new_interactions", "int32", "likes, collects, comments and shares of new notes"),
)
"""One row a reader and day on which the reader came."""

CREATOR_DAYS: Final = (
    Column("day", "int16", "day, 0 is the first measured day, negative while warming up"),
    Column("creator_id", "int32", "creator"),
    Column("published", "int32", "notes published"),
    Column("impressions", "int32", "impressions of the creator's notes"),
    Column("clicks", "int32", "clicks on the creator's notes"),
    Column("interactions", "int32", "likes, collects, comments and shares received"),
    Column("new_impressions", "int32", "impressions of the creator's new notes"),
)
"""One row a creator and day on which the creator published or was seen."""

NOTE_OUTCOMES: Final = (
    *NOTES,
    *(Column(c.name, "int64", f"{c.name} in the run") for c in _FEEDBACK),
    Column("time_spent_s", "float64", "seconds in view and reading in the run"),
    Column("grants", "int64", "impressions that some policy's support acted on"),
    Column("first_impression_t", "float64", "time of the first impression, seconds; may be null"),
    Column("first_interaction_t", "float64", "time of the first interaction, seconds; may be null"),
    Column("impressions_24h", "int64", "impressions in the first 24 hours"),
    Column("clicks_24h", "int64", "clicks in the first 24 hours"),
    Column("interactions_24h", "int64", "interactions in the first 24 hours"),
    Column(
        "reached_target_t",
        "float64",
        "time of the impression that fulfilled the quota, seconds; null when not in the window",
    ),
)
"""One row a note, backlog included: as published, and what became of it in the run."""

METRICS: Final = (
    Column("metric", "str", "name of the metric"),
    Column("day", "int16", "measured day; null for the value over all measured days"),
    Column("value", "float64", "value; null when it is not defined"),
)
"""Long table of every metric, total first, then by day."""

MEETINGS: Final = (
    Column("reader_id", "int32", "reader"),
    Column("creator_id", "int32", "creator"),
    Column("reader_arm", "uint8", "experiment arm of the reader"),
    Column("note_arm", "uint8", "experiment arm of the creator's notes that were seen"),
    Column("impressions", "int32", "impressions on the measured days that are read"),
    Column("clicks", "int32", "clicks on those days"),
    Column("new_impressions", "int32", "impressions of new notes"),
    Column("new_clicks", "int32", "clicks on new notes"),
    Column("impressions_24h", "int32", "impressions of notes of the test in their first 24 hours"),
    Column("clicks_24h", "int32", "clicks on notes of the test in their first 24 hours"),
)
"""One row a reader, creator and arm of notes that met in a test."""

CLUSTERS: Final = (
    Column("side", "uint8", "0 readers, 1 creators"),
    Column("unit_id", "int32", "reader, or the reader who is the creator"),
    Column("cluster", "int32", "group that was randomised whole; -1 for none"),
    Column("arm", "uint8", "experiment arm of the group"),
)
"""One row a unit of a test that randomises groups."""


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table of a run.

    Attributes:
        place: path inside the run folder; a folder of parts when `in_parts`.
        columns: columns in stored order.
        in_parts: whether it is written part by part while the run goes on.
    """

    place: str
    columns: tuple[Column, ...]
    in_parts: bool

    def files(self, folder: Path) -> list[Path]:
        """Return the Parquet files in row order; empty when none is written yet."""
        place = folder / self.place
        if self.in_parts:
            return sorted(
                place.glob("part-*.parquet"), key=lambda path: (len(path.name), path.name)
            )
        return [place] if place.exists() else []


TABLES: Final[Mapping[str, TableSpec]] = {
    "events": TableSpec("events", EVENTS, in_parts=True),
    "notes": TableSpec("notes", NOTES, in_parts=True),
    "activity": TableSpec("activity", ACTIVITY, in_parts=True),
    "ticks": TableSpec("ticks", TICKS, in_parts=True),
    "trainings": TableSpec("trainings", TRAININGS, in_parts=True),
    "quotas": TableSpec("quotas", QUOTAS, in_parts=True),
    "note_funnel": TableSpec("note_funnel", NOTE_FUNNEL, in_parts=True),
    "reader_days": TableSpec("reader_days.parquet", READER_DAYS, in_parts=False),
    "creator_days": TableSpec("creator_days.parquet", CREATOR_DAYS, in_parts=False),
    "note_outcomes": TableSpec("notes.parquet", NOTE_OUTCOMES, in_parts=False),
    "metrics": TableSpec("metrics.parquet", METRICS, in_parts=False),
}
"""Tables by the name they have in queries; the first seven grow while the run goes on."""

OF_TESTS: Final[Mapping[str, TableSpec]] = {
    "meetings": TableSpec("meetings.parquet", MEETINGS, in_parts=False),
    "clusters": TableSpec("clusters.parquet", CLUSTERS, in_parts=False),
}
"""Tables that only runs of some designs have. They follow from the others and are in no digest."""


def table_spec(name: str) -> TableSpec:
    """Return what is known of a table, by its name in queries."""
    return TABLES[name] if name in TABLES else OF_TESTS[name]


def arrow_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """Return the Arrow schema of a table."""
    import pyarrow as pa

    types = [
        pa.string() if c.dtype == "str" else pa.from_numpy_dtype(np.dtype(c.dtype)) for c in columns
    ]
    return pa.schema(list(zip([c.name for c in columns], types, strict=True)))


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write an Arrow table atomically: zstd, dictionaries for text, split bytes for reals.

    Raises:
        RunError: the file could not be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = [field.name for field in table.schema if pa.types.is_string(field.type)]
    split = {
        field.name: "BYTE_STREAM_SPLIT"
        for field in table.schema
        if pa.types.is_floating(field.type)
    }
    atomic_write(
        path,
        lambda temporary: pq.write_table(
            table,
            temporary,
            compression="zstd",
            use_dictionary=text or False,
            column_encoding=split or None,
        ),
    )


def write_metrics(
    folder: Path, metric: list[str], day: NDArray[np.float64], value: NDArray[np.float64]
) -> None:
    """Write the metrics table; NaN is stored as null.

    Args:
        folder: run folder.
        metric: name of the metric, row by row.
        day: float64[len(metric)], measured day, NaN for totals.
        value: float64[len(metric)].

    Raises:
        RunError: the file could not be written.
    """
    import pyarrow as pa

    days = np.nan_to_num(day).astype(np.int16)
    arrays = [
        pa.array(metric, pa.string()),
        pa.array(days, mask=np.isnan(day)),
        pa.array(value, mask=np.isnan(value)),
    ]
    table = pa.Table.from_arrays(arrays, schema=arrow_schema(METRICS))
    write_parquet(folder / TABLES["metrics"].place, table)
