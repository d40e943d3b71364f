"""A clean test as tables: readers by day in two arms, notes in pools, promises in a ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from simulator.contracts.random import generator
from simulator.experiments.analysis.metrics import Mean, Metric, Ratio
from simulator.experiments.trust.records import Record

METRICS: Final[dict[str, Metric]] = {
    "clicks_per_day": Mean("clicks"),
    "time_min_per_day": Mean("time_min"),
    "ctr": Ratio("clicks", "impressions"),
}
"""What is looked at; the first is the primary metric."""

PRIMARY: Final = "clicks_per_day"


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of a test.

    Attributes:
        n_readers: readers, half of them treated.
        n_days: days of the test.
        n_notes: new notes, each promised impressions.
        promised: impressions promised to a note by the whole platform.
        impressions_per_day: mean of a reader.
        ctr: clicks per impression without treatment.
        lift: relative effect on clicks, the same on all days.
    """

    n_readers: int = 1_000
    n_days: int = 7
    n_notes: int = 400
    promised: int = 20
    impressions_per_day: float = 12.0
    ctr: float = 0.12
    lift: float = 0.05


@dataclass(frozen=True, slots=True)
class TestTables:
    """A test as the checks see it.

    Attributes:
        table: one row a reader and day: `reader`, `day`, `arm`, `impressions`, `clicks`,
            `time_min`.
        record: what is known besides.
        metrics: metrics that were looked at.
    """

    table: pd.DataFrame
    record: Record
    metrics: dict[str, Metric] = field(default_factory=lambda: dict(METRICS))


def clean_test(seed: int, shape: Shape, purpose: str = "clean") -> TestTables:
    """Return a test without defect, with a small true effect.

    Readers differ in how much they read (gamma, variance a quarter of the squared mean) and meet
    new luck every day; arms are a fair coin a reader. Every arm may be shown every note, and each
    arm fills its own half of what is promised to notes.

    Args:
        seed: seed.
        shape: sizes.
        purpose: name of the draw; another name is an independent test.
    """
    rng = generator(seed, f"defects.{purpose}")
    n, days = shape.n_readers, shape.n_days
    arm = (rng.random(n) < 0.5).astype(np.int64)
    appetite = rng.gamma(4.0, 0.25, n)
    impressions = rng.poisson(shape.impressions_per_day * appetite[:, None], (n, days))
    clicks = rng.binomial(impressions, (shape.ctr * (1.0 + shape.lift * arm))[:, None])
    minutes = 0.4 * clicks + 0.05 * impressions + rng.exponential(0.5, (n, days))
    table = pd.DataFrame(
        {
            "reader": np.repeat(np.arange(n), days),
            "day": np.tile(np.arange(days), n),
            "arm": np.repeat(arm, days),
            "impressions": impressions.ravel(),
            "clicks": clicks.ravel(),
            "time_min": minutes.ravel(),
        }
    )
    record = Record(
        primary=PRIMARY,
        control=0,
        day="day",
        pools=pd.DataFrame({"arm": ["control", "treatment"], "new_share": 1.0, "old_share": 1.0}),
        ledger=ledger_of(rng, shape, 0.5),
    )
    return TestTables(table, record)


def ledger_of(rng: np.random.Generator, shape: Shape, part: float) -> pd.DataFrame:
    """Return what treated readers gave to promises.

    Args:
        rng: generator.
        shape: sizes.
        part: part of each promise that treated readers are asked to fill; 85 % of it comes.
    """
    asked = round(shape.promised * part)
    given = rng.binomial(asked, 0.85, shape.n_notes)
    return pd.DataFrame({"promised": float(shape.promised), "treatment": given.astype(np.float64)},
                        index=np.arange(shape.n_notes))  # fmt: skip
