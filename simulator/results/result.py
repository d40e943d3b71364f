"""A finished run as pandas objects, read when asked for."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from simulator.contracts.columns import EVENTS
from simulator.contracts.errors import RunError
from simulator.results.digest import run_digest
from simulator.results.folder import RunFolder
from simulator.results.manifest import Manifest
from simulator.results.query import Query
from simulator.results.tables import table_spec

if TYPE_CHECKING:
    import pandas as pd


class Result:
    """What `simulator.run` returns: everything in a finished run folder.

    Tables are read on first use and kept. `events` is read anew at each call.

    Args:
        folder: a finished run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._run = folder

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a finished run.

        Raises:
            RunError: not a run folder, not finished, or of another format version.
        """
        return cls(RunFolder.open(path))

    @property
    def folder(self) -> Path:
        """Return the run folder."""
        return self._run.path

    @cached_property
    def manifest(self) -> Manifest:
        """Facts about the run."""
        return self._run.manifest

    @cached_property
    def scenario(self) -> str:
        """Resolved scenario, YAML text."""
        return self._run.scenario

    @cached_property
    def digest(self) -> str:
        """Digest of all result tables; see `run_digest`."""
        return self.manifest.digest or run_digest(self.folder)

    @cached_property
    def metrics(self) -> pd.Series[float]:
        """Value of each metric over all measured days, by name; NaN where not defined."""
        totals = self._long[self._long["day"].isna()]
        return totals.set_index("metric")["value"].rename_axis("metric")

    @cached_property
    def daily(self) -> pd.DataFrame:
        """Value of each metric (columns) on each measured day (index)."""
        by_day = self._long[self._long["day"].notna()].astype({"day": "int64"})
        return by_day.pivot_table(
            index="day", columns="metric", values="value", dropna=False, sort=False
        )[list(self.metrics.index)]

    @cached_property
    def notes(self) -> pd.DataFrame:
        """Notes as published and what became of them."""
        return self._table("note_outcomes")

    @cached_property
    def creators(self) -> pd.DataFrame:
        """Creator-days."""
        return self._table("creator_days")

    @cached_property
    def readers(self) -> pd.DataFrame:
        """Reader-days."""
        return self._table("reader_days")

    @cached_property
    def meetings(self) -> pd.DataFrame | None:
        """Readers and creators who met in a test of both sides; None for other runs."""
        return self._of_test("meetings")

    @cached_property
    def clusters(self) -> pd.DataFrame | None:
        """Groups that a test randomised, unit by unit; None for other runs."""
        return self._of_test("clusters")

    def events(
        self, columns: Sequence[str] | None = None, where: str | None = None
    ) -> pd.DataFrame:
        """Read impressions from the event log, in order of time.

        Args:
            columns: names from `EVENTS`; all by default.
            where: SQL condition on those columns, for example `day >= 0 AND click = 1`.

        Raises:
            RunError: an unknown column, a condition that is not valid, or a damaged log.
        """
        if where is not None and ";" in where:
            raise RunError("The condition must be one SQL expression, without `;`.", "read")
        chosen = ", ".join(f'"{name}"' for name in _checked(columns))
        condition = "" if where is None else f" WHERE ({where}\n)"
        return self._frame("events", f"SELECT {chosen} FROM events{condition}")

    def __repr__(self) -> str:
        return f"Result({str(self.folder)!r})"

    @cached_property
    def _long(self) -> pd.DataFrame:
        return self._table("metrics")

    def _of_test(self, table: str) -> pd.DataFrame | None:
        return self._table(table) if table_spec(table).files(self.folder) else None

    def _table(self, table: str) -> pd.DataFrame:
        return self._frame(table, f"SELECT * FROM {table}")

    def _frame(self, table: str, sql: str) -> pd.DataFrame:
        with Query(self.folder, [table]) as query:
            return query.frame(sql)


def _checked(columns: Sequence[str] | None) -> list[str]:
    known = [column.name for column in EVENTS]
    if columns is None:
        return known
    for name in columns:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise RunError(f"The event log has no column {name!r}.{hint}", "read")
    return list(columns)
