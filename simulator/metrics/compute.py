"""Compute every metric of a run and store them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.metrics.catalog import Metric, Values
from simulator.metrics.families import FAMILIES, metrics, remarks
from simulator.metrics.prepare import prepare
from simulator.results.folder import RunFolder
from simulator.results.params import MetricParams
from simulator.results.query import Query
from simulator.results.tables import write_metrics
from simulator.results.unit_tables import build_unit_tables

_SOURCES = ("events", "reader_days", "note_outcomes", "quotas")


@dataclass(frozen=True, slots=True)
class Measures:
    """All metrics of a run.

    Attributes:
        totals: value over the measured days by name; None where not defined.
        daily: float64[D] by name, one value a measured day; NaN where not defined.
        remarks: by name, what to know about a value because the run is short.
    """

    totals: Mapping[str, float | None]
    daily: Mapping[str, NDArray[np.float64]]
    remarks: Mapping[str, str]


def measure(folder: RunFolder, params: MetricParams) -> Measures:
    """Build the unit tables, compute the metrics and write both to the run folder.

    Args:
        folder: run whose event log is complete.
        params: days, windows and thresholds.

    Raises:
        RunError: a table is damaged, or a result cannot be written.
    """
    build_unit_tables(folder, params)
    measures = compute(folder, params)
    store(folder, measures)
    return measures


def compute(folder: RunFolder, params: MetricParams) -> Measures:
    """Compute the metrics from the event log and the unit tables, without writing anything.

    Raises:
        RunError: a table is missing or damaged.
    """
    with Query(folder.path, _SOURCES, scratch=folder.scratch) as query:
        prepare(query, params)
        values: dict[str, Values] = {}
        sums: dict[str, NDArray[np.float64]] = {}
        for family in FAMILIES:
            for sql in family.sums(params):
                sums |= _by_day(query.columns(sql), params.measured_days)
            values |= family.others(query, params)
    found = {m.name: values[m.name] if m.name in values else _ratio(m, sums) for m in metrics()}
    return Measures(
        {name: None if np.isnan(value.total) else value.total for name, value in found.items()},
        {name: value.daily for name, value in found.items()},
        remarks(params),
    )


def store(folder: RunFolder, measures: Measures) -> None:
    """Write `metrics.parquet`: for each metric its total, then its days.

    Raises:
        RunError: the file cannot be written.
    """
    name: list[str] = []
    day: list[float] = []
    value: list[float] = []
    for metric, daily in measures.daily.items():
        total = measures.totals[metric]
        name += [metric] * (1 + daily.size)
        day += [np.nan, *range(daily.size)]
        value += [np.nan if total is None else total, *daily]
    write_metrics(folder.path, name, np.array(day), np.array(value))


def _by_day(
    found: Mapping[str, NDArray[np.generic]], n_days: int
) -> dict[str, NDArray[np.float64]]:
    day = found["day"].astype(np.int64)
    sums: dict[str, NDArray[np.float64]] = {}
    for name, column in found.items():
        if name != "day":
            sums[name] = np.zeros(n_days)
            sums[name][day] = np.nan_to_num(column.astype(np.float64))
    return sums


def _ratio(metric: Metric, sums: Mapping[str, NDArray[np.float64]]) -> Values:
    above, below = sums[metric.numerator], sums[metric.denominator]
    daily = np.full(above.size, np.nan)
    np.divide(metric.factor * above, below, out=daily, where=below > 0)
    total = below.sum()
    return Values(daily, float(metric.factor * above.sum() / total) if total > 0 else float("nan"))
