"""The table of a comparison: as numbers for files, and as words for the page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import pandas as pd

from simulator.app.compare import Comparison, Difference
from simulator.app.present import (
    NOTHING,
    metric_difference,
    metric_value,
    relative,
)
from simulator.metrics.catalog import Metric

MARKS: Final = {"better": "▲", "worse": "▼", "same": "=", "neutral": "◆", "unknown": ""}
"""Sign of a verdict; it does not depend on colour."""

_NUMBERS: Final = ("baseline", "value", "difference", "relative", "verdict")


def long_table(found: Comparison, paired: dict[str, bool]) -> pd.DataFrame:
    """Return one row a metric and run after the baseline, in plain numbers.

    Args:
        found: the comparison.
        paired: by run, whether it shares world and luck with the baseline.
    """
    rows = []
    for gap in found.differences:
        run = found.runs[gap.run].folder.name
        row = {"metric": gap.metric, "baseline_run": found.runs[0].folder.name, "run": run}
        row |= {name: asdict(gap)[name] for name in _NUMBERS}
        ends = gap.daily
        row |= {
            "daily_mean": ends.mean if ends else None,
            "daily_low": ends.low if ends else None,
            "daily_high": ends.high if ends else None,
            "days": ends.days if ends else None,
            "paired": paired[run],
        }
        rows.append(row)
    return pd.DataFrame(rows)


def cells(metric: Metric, gap: Difference) -> dict[str, str]:
    """Return what the page shows of one metric of one run: texts by column."""
    return {
        "baseline": metric_value(metric, gap.baseline),
        "value": metric_value(metric, gap.value),
        "difference": metric_difference(metric, gap.difference),
        "relative": relative(gap.relative),
        "interval": _interval(metric, gap),
        "verdict": MARKS[gap.verdict],
    }


def _interval(metric: Metric, gap: Difference) -> str:
    if gap.daily is None:
        return NOTHING
    ends = (metric_difference(metric, end) for end in (gap.daily.low, gap.daily.high))
    return " … ".join(ends)
