"""A run beside stylised facts of the field."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from simulator.metrics.realism import check_run, summarise
from simulator.results.result import Result

if TYPE_CHECKING:
    from simulator.metrics.realism.facts import Band

FARTHEST: Final = 1.0
"""Widths of a band beyond its ends at which the strip chart stops."""


@lru_cache(maxsize=16)
def realism(folder: Path, changed: float) -> pd.DataFrame:  # noqa: ARG001  (part of the cache's key)
    """Return one row a band of a fact: value, band, verdict.

    Args:
        folder: a finished run with its event log.
        changed: time of its last change; part of the cache's key.

    Returns:
        Columns `name`, `fact`, `value_name`, `value`, `low`, `high`, `unit`, `source`, `strength`,
        `verdict`, `reason`, `holds`, and `place`: 0 at the lower end of the band, 1 at the upper.
    """
    result = Result.open(folder)
    facts = result.manifest
    found = summarise([check_run(result)], facts.params.measured_days, facts.policies)
    rows = [
        {
            "name": item.fact.name,
            "fact": item.fact.text,
            "value_name": band.value,
            "value": item.values[band.value],
            "low": band.low,
            "high": band.high,
            "unit": band.unit,
            "source": item.fact.source,
            "strength": item.fact.strength,
            "verdict": item.verdict,
            "reason": item.reason,
            "holds": bool(band.holds(item.values[band.value])),
            "place": place(item.values[band.value], band),
        }
        for item in found
        for band in item.fact.bands
    ]
    return pd.DataFrame(rows)


def place(value: float, band: Band) -> float:
    """Return where a value lies: 0 at the lower end of its band, 1 at the upper, cut off outside.

    Of a band without an upper end the lower end's value counts as its width.
    """
    width = band.high - band.low
    if math.isinf(width):
        width = abs(band.low) or 1.0
    if math.isnan(value):
        return math.nan
    if width == 0.0:
        return 0.5 if value == band.low else math.copysign(FARTHEST, value - band.low)
    return min(max((value - band.low) / width, -FARTHEST), 1.0 + FARTHEST)
