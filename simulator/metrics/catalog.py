"""How a metric is declared: its meaning, and what it is computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.results.params import MetricParams

if TYPE_CHECKING:
    from simulator.results.query import Query

Better = Literal["up", "down", "none"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    With `numerator` and `denominator` it is a ratio of sums: of the day's sums for a daily
    value, of the sums over all measured days for the total. Otherwise its family computes it.

    Attributes:
        name: fixed name, the same everywhere.
        unit: unit of the value, "" for a plain share or ratio.
        better: direction of improvement; "none" when neither is.
        description: what it is, one or two sentences.
        numerator: additive sum from some family's `sums`, or "".
        denominator: additive sum from some family's `sums`, or "".
        factor: unit conversion applied to the ratio.
        needs_days: measured days from which the metric has its full meaning.
        if_shorter: what to know about the value in a shorter run.
    """

    name: str
    unit: str
    better: Better
    description: str
    numerator: str = ""
    denominator: str = ""
    factor: float = 1.0
    needs_days: int = 0
    if_shorter: str = ""


class Values(NamedTuple):
    """A metric's values: by measured day, float64[D] with NaN where not defined, and in total."""

    daily: NDArray[np.float64]
    total: float


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that judge one side of the platform.

    Attributes:
        name: family.
        metrics: its metrics, in order of display.
        sums: returns queries with a column `day` and additive columns, no name twice.
        others: computes the metrics that are no ratio of sums, by name.
    """

    name: str
    metrics: tuple[Metric, ...]
    sums: Callable[[MetricParams], tuple[str, ...]]
    others: Callable[[Query, MetricParams], Mapping[str, Values]]


def no_others(query: Query, params: MetricParams) -> Mapping[str, Values]:  # noqa: ARG001
    """Return nothing: every metric of the family is a ratio of sums."""
    return {}


def grouped_values(query: Query, params: MetricParams, sql: str) -> Values:
    """Run a query with columns `day` (null for the total) and `value`; missing days are NaN."""
    found = query.columns(sql)
    day, value = found["day"].astype(np.float64), found["value"].astype(np.float64)
    daily = np.full(params.measured_days, np.nan)
    is_total = np.isnan(day)
    daily[day[~is_total].astype(np.int64)] = value[~is_total]
    total = value[is_total]
    return Values(daily, float(total[0]) if total.size else float("nan"))


def last_day(daily: NDArray[np.float64]) -> Values:
    """Return values whose total is that of the last measured day: for stocks, not flows."""
    return Values(daily, float(daily[-1]))
