"""Paired differences of a preview, metric by metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.metrics.catalog import Metric
from simulator.metrics.families import metrics
from simulator.sweeps.paired import paired_difference

Totals = Mapping[str, float | None]
Verdict = Literal["good", "bad", "changed", "unclear"]

CARDS: Final = (
    "quota_fulfilment",
    "new_note_impression_share",
    "new_note_ctr",
    "ctr",
    "time_spent_min_per_dau",
)
"""Metrics at the top of the page."""
HEADLINES: Final = (
    *CARDS,
    "quota_progress_half",
    "time_to_first_impression_min",
    "supported_share",
    "notes_per_dau",
    "impression_gini_new",
    "impressions_per_dau",
    "hide_rate",
)
"""Metrics of the chart, from new notes to the whole feed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of a preview.

    Attributes:
        metric: the metric.
        n: seeds on which both sides have it.
        baseline, value: means over those seeds, NaN where not defined.
        difference, low, high: mean paired difference and its 95 % interval, NaN with one seed.
        verdict: `unclear` while the interval holds 0 or is not known.
    """

    metric: Metric
    n: int
    baseline: float
    value: float
    difference: float
    low: float
    high: float
    verdict: Verdict

    def relative(self, amount: float) -> float:
        """Return an amount relative to the size of the baseline, NaN when that is 0."""
        return amount / abs(self.baseline) if self.baseline else math.nan


def rows(pairs: Sequence[tuple[Totals, Totals]], names: Sequence[str] = HEADLINES) -> list[Row]:
    """Return differences over seeds.

    Args:
        pairs: metrics of (baseline, tuned), one a seed.
        names: metrics wanted.
    """
    known = {metric.name: metric for metric in metrics()}
    return [_row(known[name], pairs) for name in names]


def _row(metric: Metric, pairs: Sequence[tuple[Totals, Totals]]) -> Row:
    d = paired_difference(_side(metric, pairs, 0), _side(metric, pairs, 1))
    return Row(
        metric,
        d.n,
        d.baseline,
        d.value,
        d.difference,
        d.low,
        d.high,
        verdict(metric, d.low, d.high),
    )


def _side(metric: Metric, pairs: Sequence[tuple[Totals, Totals]], i: int) -> NDArray[np.float64]:
    return np.array([_number(pair[i].get(metric.name)) for pair in pairs], np.float64)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def verdict(metric: Metric, low: float, high: float) -> Verdict:
    """Say what an interval of a difference means; nothing while it holds 0 or is not known."""
    if not (low > 0 or high < 0):
        return "unclear"
    if metric.better == "none":
        return "changed"
    return "good" if (low > 0) == (metric.better == "up") else "bad"


def chart_frame(found: Sequence[Row], labels: Mapping[str, str]) -> pd.DataFrame:
    """Return relative differences for a chart, without metrics that have none.

    Args:
        found: rows.
        labels: what each metric is called.
    """
    return pd.DataFrame(
        [
            {
                "metric": labels.get(row.metric.name, row.metric.name),
                "value": row.relative(row.difference),
                "low": row.relative(row.low),
                "high": row.relative(row.high),
                "verdict": row.verdict,
            }
            for row in found
            if math.isfinite(row.relative(row.difference))
        ],
        columns=["metric", "value", "low", "high", "verdict"],
    )
