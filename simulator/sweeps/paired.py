"""Differences between variants on the same seeds.

Variants of one seed share readers, creators, notes and luck, so a difference within a seed has
less noise than two independent worlds would give; how much less is part of the answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """One metric of one variant against the baseline.

    Attributes:
        n: seeds on which both are defined.
        baseline, value: means over those seeds.
        difference: mean difference.
        low, high: ends of its t interval, NaN with fewer than two seeds.
        p_value: of no difference, two-sided paired t test; NaN when it cannot be computed.
        relative: difference over the baseline's size, NaN when that is 0.
        noise_removed: share of the variance of independent worlds that sharing seeds took away,
            1 - Var(difference) / (Var(value) + Var(baseline)); NaN when it cannot be computed.
    """

    n: int
    baseline: float
    value: float
    difference: float
    low: float
    high: float
    p_value: float
    relative: float
    noise_removed: float


def paired_difference(
    baseline: NDArray[np.float64], value: NDArray[np.float64], level: float = CONFIDENCE_LEVEL
) -> PairedDifference:
    """Compare two variants seed by seed.

    Args:
        baseline: float64[n], the baseline's metric by seed, NaN where not defined.
        value: float64[n], the variant's, on the same seeds.
        level: confidence level of the interval.
    """
    both = np.isfinite(baseline) & np.isfinite(value)
    a, b = baseline[both], value[both]
    n = int(a.size)
    if n == 0:
        return PairedDifference(0, *([math.nan] * 8))
    d = b - a
    mean, base = float(d.mean()), float(a.mean())
    low, high, p = _t_test(d, level)
    return PairedDifference(
        n,
        base,
        float(b.mean()),
        mean,
        low,
        high,
        p,
        mean / abs(base) if base else math.nan,
        _noise_removed(a, b),
    )


def _t_test(d: NDArray[np.float64], level: float) -> tuple[float, float, float]:
    from scipy import stats

    if d.size < 2:
        return math.nan, math.nan, math.nan
    mean, error = float(d.mean()), float(d.std(ddof=1) / math.sqrt(d.size))
    half = float(stats.t.ppf(0.5 + level / 2, d.size - 1)) * error
    if error == 0.0:
        return mean, mean, math.nan if mean == 0.0 else 0.0
    return mean - half, mean + half, float(2 * stats.t.sf(abs(mean / error), d.size - 1))


def _noise_removed(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    if a.size < 2:
        return math.nan
    independent = float(a.var(ddof=1) + b.var(ddof=1))
    return 1.0 - float((b - a).var(ddof=1)) / independent if independent > 0.0 else math.nan
