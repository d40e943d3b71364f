"""What a test does to those whom it does not treat: the same units with nobody treated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from simulator.contracts.events import Arm
from simulator.contracts.plugins import ExperimentDesign
from simulator.experiments.analysis import Mean, Metric, Ratio
from simulator.experiments.analysis.metrics import ROWS
from simulator.experiments.analysis.results import interval, two_sided_p
from simulator.experiments.outcomes import (
    CREATOR_METRICS,
    NOTE_METRICS,
    READER_METRICS,
    creator_table,
    note_table,
    reader_table,
)

if TYPE_CHECKING:
    from simulator.results.result import Result

MIN_UNITS: Final = 2


@dataclass(frozen=True, slots=True)
class Spillover:
    """Effect of a test on one metric of its control arm.

    Attributes:
        side: `readers`, `notes` or `creators`.
        metric: name.
        test: level of the control arm in the test.
        alone: level of the same units in the world where nobody is treated.
        difference: the first less the second.
        se: its standard error, from differences of the same readers or creators.
        low, high: interval.
        p: p-value; NaN when no unit differs.
        n_units: readers or creators compared.
    """

    side: str
    metric: str
    test: float
    alone: float
    difference: float
    se: float
    low: float
    high: float
    p: float
    n_units: int


def spillover(
    test: Result, control: Result, design: ExperimentDesign[Any], alpha: float = 0.05
) -> list[Spillover]:
    """Return what happens to the untreated, on each side that is randomised by whole units.

    Both worlds share their luck, so each reader and creator is compared with the same one.

    Args:
        test: the run of the design.
        control: the world without the treatment.
        design: the design, set up.
        alpha: level of intervals.
    """
    found: list[Spillover] = []
    if "reader" in design.sides:
        tables = [reader_table(run).set_index("reader_id") for run in (test, control)]
        ids = np.array(tables[0].index.intersection(tables[1].index), np.int32)
        ids = ids[np.asarray(design.reader_arms(ids)) == Arm.CONTROL]
        found += _compared("readers", [t.loc[ids] for t in tables], READER_METRICS, alpha)
    if "note" in design.sides and getattr(design.config, "unit", "creator") == "creator":
        people = [creator_table(run, design).set_index("creator_id") for run in (test, control)]
        ids = np.array(people[0].index.intersection(people[1].index), np.int32)
        ids = ids[people[0].loc[ids, "arm"].to_numpy() == Arm.CONTROL]
        found += _compared("notes", [_by_creator(run, ids) for run in (test, control)],
                           NOTE_METRICS, alpha)  # fmt: skip
        found += _compared("creators", [t.loc[ids] for t in people], CREATOR_METRICS, alpha)
    return found


def _by_creator(result: Result, ids: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Return sums of the notes of each creator; `ROWS` counts them."""
    notes = note_table(result)
    sums = notes.assign(**{ROWS: 1.0}).groupby("creator_id").sum(numeric_only=True)
    return sums.reindex(ids, fill_value=0.0)


def _compared(
    side: str, tables: list[pd.DataFrame], metrics: dict[str, Metric], alpha: float
) -> list[Spillover]:
    n = len(tables[0])
    if n < MIN_UNITS:
        return []
    found = []
    for name, metric in metrics.items():
        if not isinstance(metric, Mean | Ratio):
            continue
        (y1, score1), (y0, score0) = (_linear(table, metric) for table in tables)
        scores = score1 - score0
        se = float(np.sqrt(n / (n - 1) * (scores**2).sum()))
        low, high = interval(y1 - y0, se, np.inf, alpha)
        p = two_sided_p(y1 - y0, se, np.inf)
        found.append(Spillover(side, name, y1, y0, y1 - y0, se, low, high, p, n))
    return found


def _linear(table: pd.DataFrame, metric: Mean | Ratio) -> tuple[float, np.ndarray[Any, Any]]:
    """Return a level and what each unit adds to it, by the delta method."""
    part = metric.value()
    above = table[part.numerator].to_numpy(np.float64)
    ones = np.ones(len(table)) if ROWS not in table else table[ROWS].to_numpy(np.float64)
    below = ones if part.denominator == ROWS else table[part.denominator].to_numpy(np.float64)
    total = below.sum()
    if not total:
        return float("nan"), np.full(len(table), np.nan)
    level = float(above.sum() / total)
    return level, (above - level * below) / total
