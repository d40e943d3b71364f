"""False positives of an analysis on a world that nobody treats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from simulator.contracts.random import uniform
from simulator.experiments.analysis import Metric, Resplit, resample_aa, unit_totals
from simulator.experiments.errors import AnalysisError
from simulator.experiments.outcomes import NOTE_METRICS, READER_METRICS, note_table, reader_table

if TYPE_CHECKING:
    from simulator.results.result import Result

SIDES: Final = ("reader", "note")
_FEWEST: Final = 20


def null_rejection(
    control: Result, side: str, traffic: float, seed: int, n_replicates: int
) -> dict[str, float]:
    """Draw arms again and again on a world without treatment, and count the finds at 5 %.

    Args:
        control: the world without treatment.
        side: `reader`, or `note` (drawn by creator).
        traffic: share of units in the test.
        seed: replication seed.
        n_replicates: draws; with 0 nothing is counted.

    Returns:
        Metric -> share of draws with p < 0.05; metrics that cannot be drawn are left out.
    """
    if not n_replicates:
        return {}
    table, unit, metrics = _units(control, side)
    inside = uniform(seed, f"study.null.{side}", table[unit].to_numpy()) < traffic
    table = table[inside].fillna(0.0)
    split = Resplit(n_replicates, seed)
    found = {}
    for name, metric in metrics.items():
        totals = unit_totals(table, {name: metric}, unit)
        if totals.values.shape[0] < _FEWEST:
            continue
        try:
            with np.errstate(divide="ignore", invalid="ignore"):
                p = resample_aa(totals, {name: metric}, split)[name].p
        except AnalysisError:
            continue
        if np.isfinite(p).any():
            found[name] = float((p[np.isfinite(p)] < 0.05).mean())
    return found


def _units(control: Result, side: str) -> tuple[pd.DataFrame, str, Mapping[str, Metric]]:
    if side == "reader":
        return reader_table(control), "reader_id", READER_METRICS
    return note_table(control), "creator_id", NOTE_METRICS
