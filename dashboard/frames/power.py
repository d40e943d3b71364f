"""What an experiment could see before it runs, from how much units of a finished run differ."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from simulator.contracts.random import uniform
from simulator.experiments.analysis import Mean, Ratio, Settings, analyze
from simulator.experiments.analysis.power import mde, power, unit_deviation
from simulator.experiments.designs.launch import Launch, LaunchConfig
from simulator.experiments.errors import AnalysisError
from simulator.experiments.outcomes import (
    CREATOR_METRICS,
    NOTE_METRICS,
    READER_METRICS,
    creator_table,
    note_table,
    reader_table,
)
from simulator.results.result import Result

if TYPE_CHECKING:
    from simulator.experiments.analysis import Metric

_LEAST_UNITS: Final = 20
_STEPS: Final = 60
SIDES: Final = ("reader", "note")


@dataclass(frozen=True, slots=True)
class Spread:
    """How much the units of a metric differ in a run.

    Attributes:
        metric: name of the metric.
        side: `reader` or `note`, what a design must randomise to read it.
        level: value over all units.
        deviation: standard deviation by unit, after covariates and with clusters in it.
        units: units of the run that count, both arms together.
    """

    metric: str
    side: str
    level: float
    deviation: float
    units: int


@dataclass(frozen=True, slots=True)
class Planned:
    """Size of an experiment.

    Attributes:
        growth: units of the experiment for each unit of the run that was measured.
        share: treated share.
    """

    growth: float
    share: float


@lru_cache(maxsize=64)
def spreads(folder: Path, changed: float, days: int) -> tuple[Spread, ...]:  # noqa: ARG001
    """Return the spread of every metric that has enough units, from a split that changes nothing.

    Args:
        folder: a finished run.
        changed: time of its last change; part of the cache's key.
        days: measured days that count.
    """
    result = Result.open(folder)
    until = min(days, result.manifest.params.measured_days) - 1
    tables = (
        ("reader", "reader_id", None, READER_METRICS, reader_table(result, until)),
        ("note", "note_id", "creator_id", NOTE_METRICS, note_table(result, max(until - 1, 0))),
        (
            "note",
            "creator_id",
            None,
            CREATOR_METRICS,
            creator_table(result, Launch(LaunchConfig())),
        ),
    )
    found: list[Spread] = []
    for side, unit, cluster, metrics, table in tables:
        for name, metric in metrics.items():
            spread = _spread(table, name, metric, side, unit, cluster)
            found += [spread] if spread is not None else []
    return tuple(found)


def _spread(
    table: pd.DataFrame, name: str, metric: Metric, side: str, unit: str, cluster: str | None
) -> Spread | None:
    if len(table) < _LEAST_UNITS:
        return None
    ids = table[cluster or unit].to_numpy(np.int64)
    split = table.assign(arm=(uniform(0, "dashboard.power", ids) < 0.5).astype(np.int64))
    settings = Settings(control=0, correction="none", on_contamination="drop")
    try:
        usable = _with_past(metric, table)
        effect = analyze(split, {name: usable}, unit, "arm", cluster, settings=settings).effects[0]
    except AnalysisError:
        return None
    if not (effect.se > 0.0 and math.isfinite(effect.se)):
        return None
    level = (effect.control + effect.treatment) / 2.0
    n = effect.n_units_control + effect.n_units_treatment
    return Spread(name, side, level, unit_deviation(effect), n)


def _with_past(metric: Metric, table: pd.DataFrame) -> Metric:
    """Return a metric without its covariate where nothing was measured before the test."""
    if not isinstance(metric, Mean | Ratio) or metric.covariate is None:
        return metric
    names = [metric.covariate] if isinstance(metric.covariate, str) else list(metric.covariate)
    if all(table[name].sum() > 0 for name in names):
        return metric
    return replace(metric, covariate=None)


def growth(run: tuple[int, int], wanted: tuple[int, int], side: str, inside: float = 1.0) -> float:
    """Return how many units an experiment has for each one of a run.

    Readers grow with the world. Notes grow with its days too, less the last, whose notes are not
    followed for 24 hours.

    Args:
        run: readers and days that were measured.
        wanted: readers and days of the experiment.
        side: `reader` or `note`.
        inside: share of the units that is in the experiment.
    """
    by_readers = inside * wanted[0] / run[0]
    if side == "reader":
        return by_readers
    counted = max(min(run[1], wanted[1]) - 1, 1)
    return by_readers * max(wanted[1] - 1, 0) / counted


def error(spread: Spread, planned: Planned) -> float:
    """Return the standard error of the difference between the arms; NaN without units."""
    n = spread.units * planned.growth
    if n <= 0.0:
        return math.nan
    return spread.deviation * math.sqrt(1.0 / (n * planned.share) + 1.0 / (n * (1 - planned.share)))


def detectable(spread: Spread, planned: Planned) -> float:
    """Return the smallest difference seen four times in five at the 5 % level, by level."""
    se = error(spread, planned)
    return mde(se) / abs(spread.level) if se > 0.0 and spread.level else math.nan


def outlook(found: tuple[Spread, ...], planned: dict[str, Planned]) -> pd.DataFrame:
    """Return one row a metric: level, units and what could be detected.

    Args:
        found: spreads.
        planned: side -> size; sides that are not there are left out.
    """
    rows = [
        {
            "metric": spread.metric,
            "level": spread.level,
            "units": round(spread.units * planned[spread.side].growth),
            "detectable": detectable(spread, planned[spread.side]),
        }
        for spread in found
        if spread.side in planned
    ]
    return pd.DataFrame(rows, columns=["metric", "level", "units", "detectable"])


def curve(spread: Spread, planned: Planned, factors: dict[str, float]) -> pd.DataFrame:
    """Return the probability of seeing an effect by its size, for several sizes of the world.

    Args:
        spread: the metric's.
        planned: size of the experiment.
        factors: name of a size -> times the planned one.

    Returns:
        Columns `size`, `effect` (relative) and `power`.
    """
    reach = 1.8 * detectable(spread, planned)
    if not math.isfinite(reach):
        return pd.DataFrame(columns=["size", "effect", "power"])
    rows = []
    for name, factor in factors.items():
        se = error(spread, Planned(planned.growth * factor, planned.share))
        for effect in np.linspace(0.0, reach, _STEPS):
            chance = power(float(effect) * abs(spread.level), se)
            rows.append({"size": name, "effect": float(effect), "power": chance})
    return pd.DataFrame(rows)
