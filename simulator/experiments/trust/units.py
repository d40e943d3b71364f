"""The primary metric by unit: who moves the difference, and does it move with the days?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.experiments.analysis.encode import arms_of, codes_of, column_of, numeric
from simulator.experiments.analysis.metrics import ROWS, Metric, Smooth
from simulator.experiments.analysis.results import two_sided_p
from simulator.experiments.errors import AnalysisError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of units that are in one arm.

    Attributes:
        unit: unit of each row, int64[n].
        arm: arm of each unit, int64[U], control 0.
        value: what a row adds to the metric, float64[n]; for a ratio its numerator less the ratio
            times its denominator.
        day: day of each row, float64[n], or None.
        labels: arms, control first.
    """

    unit: Ints
    arm: Ints
    value: Floats
    day: Floats | None
    labels: list[object]

    def totals(self, weight: Floats | None = None) -> Floats:
        """Return the sum of each unit, float64[U], of values times weights of the rows."""
        value = self.value if weight is None else self.value * weight
        return np.bincount(self.unit, value, self.arm.size).astype(np.float64, copy=False)


def rows_of(
    table: pd.DataFrame,
    metric: Metric,
    unit: str,
    arm: str,
    control: object | None,
    day: str | None,
) -> Rows:
    """Return the rows of a metric; units in several arms are left out.

    Args:
        table: one row a unit, or one a unit and day.
        metric: a mean or a ratio.
        unit: column of the unit.
        arm: column of the arm.
        control: label of the control arm, or None.
        day: column of the day, or None.

    Raises:
        AnalysisError: neither a mean nor a ratio, or a column is missing.
    """
    if not isinstance(metric, Smooth):
        raise AnalysisError("the primary metric must be a mean or a ratio")
    row_arm, labels = arms_of(table, arm, control)
    codes, names = codes_of(column_of(table, unit), "unit")
    seen = np.zeros((len(names), len(labels)), np.bool_)
    seen[codes, row_arm] = True
    clean = (seen.sum(axis=1) == 1)[codes]
    kept, code = np.unique(codes[clean], return_inverse=True)
    part = metric.value()
    value = numeric(table, part.numerator)[clean].astype(np.float64)
    if part.denominator != ROWS:
        below = numeric(table, part.denominator)[clean].astype(np.float64)
        value = value - value.sum() / below.sum() * below
    days = None if day is None else numeric(table, day)[clean].astype(np.float64)
    return Rows(code, seen.argmax(axis=1)[kept].astype(np.int64), value, days, labels)


def leverage(rows: Rows) -> tuple[float, int]:
    """Return the largest share of the difference's variance that one unit holds, and its number.

    The variance of a difference of means is Σ (x - mean of its arm)² / n² over the units of both
    arms; this is the largest term over the sum.

    Args:
        rows: rows of the metric.
    """
    total = rows.totals()
    n = np.bincount(rows.arm, minlength=2)
    mean = np.bincount(rows.arm, total, 2) / n
    part = ((total - mean[rows.arm]) / n[rows.arm]) ** 2
    whole = float(part.sum())
    worst = int(part.argmax())
    return (float(part[worst]) / whole if whole > 0.0 else 0.0), worst


def drift(rows: Rows) -> tuple[float, float, float]:
    """Return the slope of the effect over days, the effect at mid-test, and the slope's p-value.

    Each unit has a slope of its own, Σ (day - mean day) x over Σ (day - mean day)²; arms are
    compared on it (Welch), so that what a unit does every day cancels. Days without a row count as
    zero.

    Args:
        rows: rows of the metric, with days.
    """
    if rows.day is None:
        raise AnalysisError("the rows have no days")
    days = np.unique(rows.day)
    centred = rows.day - days.mean()
    scale = float(((days - days.mean()) ** 2).sum())
    slope, se = _welch(rows.totals(centred) / scale if scale else rows.totals() * 0.0, rows.arm)
    effect, _ = _welch(rows.totals() / days.size, rows.arm)
    return slope, effect, two_sided_p(slope, se, np.inf)


def _welch(x: Floats, arm: Ints) -> tuple[float, float]:
    parts = [x[arm == side] for side in (0, 1)]
    se = np.sqrt(sum(float(part.var(ddof=1)) / part.size for part in parts))
    return float(parts[1].mean() - parts[0].mean()), float(se)
