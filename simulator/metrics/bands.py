"""Bands of a note's age and exposure, by which several tables are split."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.results.params import MetricParams

ALL: Final = "all"
"""Label of all bands together."""

_EXPOSURES: Final = (10, 100, 1_000)


class Band(NamedTuple):
    """One band: its label, and from what value on a note is in it until the next one begins."""

    label: str
    start: float


AGES: Final = (
    Band("<1h", 0),
    Band("1-6h", HOUR_S),
    Band("6-24h", 6 * HOUR_S),
    Band("1-7d", DAY_S),
    Band("7-30d", 7 * DAY_S),
)
"""Bands of a note's age at the impression, by the second from which they hold."""

MATURITIES: Final = (Band("new", 0), Band("1-7d", DAY_S), Band("7-30d", 7 * DAY_S))
"""Coarse bands of a note's age: inside the first 24 hours, the first week, and after."""


def exposures(params: MetricParams) -> tuple[Band, ...]:
    """Return bands of life impressions: below 10, 100 and 1,000 (scaled), and above.

    In a small world bands that hold no whole number are left out.
    """
    starts = sorted({0, *(params.scaled(threshold) for threshold in _EXPOSURES)})
    bands = [
        Band(str(start) if stop == start + 1 else f"{start}-{stop - 1}", start)
        for start, stop in pairwise(starts)
    ]
    return (*bands, Band(f"{starts[-1]}+", starts[-1]))


def band_sql(column: str, bands: Sequence[Band]) -> str:
    """Return SQL for the place of a column's value among bands, from 0."""
    steps = " ".join(
        f"WHEN {column} < {later.start} THEN {place}" for place, later in enumerate(bands[1:])
    )
    return f"CASE {steps} ELSE {len(bands) - 1} END"


def labels(bands: Sequence[Band]) -> list[str]:
    """Return the labels of bands, then that of all together: place -1 reads the latter."""
    return [*(band.label for band in bands), ALL]
