"""The table of a comparison as numbers, for files."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import pandas as pd

from simulator.app.compare import Comparison

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
        row: dict[str, object] = {
            "metric": gap.metric,
            "baseline_run": found.runs[0].folder.name,
            "run": run,
        }
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
