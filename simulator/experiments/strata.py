"""Whom a treatment helps: effects by what units did before the test, beside the truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from simulator.contracts.plugins import ExperimentDesign
from simulator.experiments.analysis import Heterogeneity, Metric, Settings, segment_effects
from simulator.experiments.analysis.segments import MIN_UNITS
from simulator.experiments.errors import AnalysisError
from simulator.experiments.outcomes import (
    NOTE_METRICS,
    READER_METRICS,
    in_arms,
    levels,
    note_table,
    reader_table,
    unit_of,
)
from simulator.experiments.pools import normalised

if TYPE_CHECKING:
    from simulator.results.result import Result

UNKNOWN, LOW, HIGH = "no past", "low", "high"
"""Strata, by what happened before the test: nothing, up to the median, more than it."""

CUTS: Final[dict[str, str]] = {
    "past": "what the reader saw, or the creator's notes got, before the test",
    "tier": "how many notes the creator had published before the test",
}
"""What strata can be cut by; readers have no tier."""

_PAST: Final = {"reader": "pre_impressions", "note": "creator_pre_impressions"}
_UNIT: Final = {"reader": "reader_id", "note": "creator_id"}


@dataclass(frozen=True, slots=True)
class Stratified:
    """Effects of a test inside strata.

    Attributes:
        metric: name.
        by: what the strata are cut by.
        found: effects, and the test of whether they differ.
        truth: stratum -> level with everybody treated less the level with nobody treated.
    """

    metric: str
    by: str
    found: Heterogeneity
    truth: dict[str, float]


def stratified(
    test: Result,
    control: Result,
    launch: Result,
    design: ExperimentDesign[Any],
    metric: str,
    alpha: float = 0.05,
    cut_by: str = "past",
) -> Stratified:
    """Estimate the effect on readers, or creators' notes, of different pasts.

    The past is what a reader saw, or what a creator's notes got a note, before the test. It is the
    same in all worlds, so the cut is one number and the truth is known inside every stratum.
    Strata in which an arm has fewer than `MIN_UNITS` units are left out.

    Args:
        test: the run of the design.
        control: the world without the treatment.
        launch: the world where everybody is treated.
        design: the design.
        metric: a metric of readers or of new notes.
        alpha: level of intervals.
        cut_by: one of `CUTS`.

    Raises:
        AnalysisError: the design does not randomise the metric's readers or creators whole, or
            fewer than two strata are left.
    """
    side = "reader" if metric in READER_METRICS else "note"
    declared: Metric | None = {**READER_METRICS, **NOTE_METRICS}.get(metric)
    whole = side == "reader" or getattr(design.config, "unit", "creator") == "creator"
    if declared is None or side not in design.sides or not whole:
        raise AnalysisError(f"{metric} has no strata: its units are not randomised whole")
    read_of = reader_table if side == "reader" else note_table
    table_of = partial(read_of, from_day=design.first_read_day)
    past, unit = ("creator_pre_notes" if cut_by == "tier" else _PAST[side]), _UNIT[side]
    if cut_by == "tier" and side == "reader":
        raise AnalysisError("readers have no tier of creators")
    cut = _median(table_of(control), past, unit)
    settings = Settings(control=0, alpha=alpha)
    table = in_arms(table_of(test))
    if side == "note":
        table = normalised(table, "arm", test, design)
    rows = _filled(_with_stratum(table, past, cut), unit)
    by = unit_of(rows, unit)
    found = segment_effects(rows, declared, by, "arm", "stratum", settings)
    before, after = (
        _levels(_with_stratum(table_of(world), past, cut), declared) for world in (control, launch)
    )
    truth = {name: after.get(name, np.nan) - before.get(name, np.nan) for name in before}
    return Stratified(metric, _BY["tier" if cut_by == "tier" else side], found, truth)


_BY: Final = {
    "reader": "notes that the reader saw before the test",
    "note": "impressions that the creator's notes got before the test",
    "tier": "notes that the creator had published before the test",
}


def _median(table: pd.DataFrame, past: str, unit: str) -> float:
    """Return the median past of the units that have one; 0 when none has."""
    known = table.drop_duplicates(unit)[past].dropna()
    known = known[known > 0.0]
    return float(known.median()) if len(known) else 0.0


def _with_stratum(table: pd.DataFrame, past: str, cut: float) -> pd.DataFrame:
    value = table[past].fillna(0.0).to_numpy(np.float64)
    stratum = np.where(value <= 0.0, UNKNOWN, np.where(value <= cut, LOW, HIGH))
    return table.assign(stratum=stratum)


def _filled(rows: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return the rows of strata in which each arm has `MIN_UNITS` or more."""
    units = rows.drop_duplicates(unit)
    counts = pd.crosstab(units["stratum"], units["arm"])
    kept = counts.index[(counts >= MIN_UNITS).all(axis=1) & (counts.shape[1] == 2)]
    if len(kept) < 2:
        raise AnalysisError("fewer than two strata have units in both arms")
    return rows[rows["stratum"].isin(kept)]


def _levels(table: pd.DataFrame, metric: Metric) -> dict[str, float]:
    return {
        str(name): levels(rows, {"value": metric})["value"]
        for name, rows in table.groupby("stratum")
    }
