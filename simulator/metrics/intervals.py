"""Confidence intervals of shares whose observations come in clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_Z: Final = 1.959963984540054
"""Quantile of the normal distribution for a level of 95 %."""


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """Sums over clusters g of n_g observations, y_g of them hits; arrays of one shape.

    Attributes:
        clusters: float64, number of clusters.
        n, y: float64, Σ n_g and Σ y_g.
        nn, ny, yy: float64, Σ n_g², Σ n_g y_g and Σ y_g².
        hit, missed: float64, number of clusters with some hit, and with some miss.
    """

    clusters: Values
    n: Values
    y: Values
    nn: Values
    ny: Values
    yy: Values
    hit: Values
    missed: Values


def wilson(share: Values, n: Values) -> tuple[Values, Values]:
    """Return the ends of Wilson's 95 % interval of shares (JASA 1927); NaN where n is 0.

    Args:
        share: float64, share of hits.
        n: float64, independent observations; need not be whole.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    low, high = np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
    return np.where(share == 0, 0.0, low), np.where(share == 1, 1.0, high)


def clustered(sums: ClusterSums) -> tuple[Values, Values]:
    """Return the ends of 95 % intervals of the shares Σ y_g / Σ n_g.

    Wilson's interval at the effective number of observations n / deff · (z / t)²: deff is the
    variance of the ratio over clusters (linearised) over that of independent observations, at
    least 1, and t the quantile of Student's distribution (Franco, Little, Louis and Slud, Journal
    of Survey Statistics and Methodology 2019). Its degrees of freedom are the clusters that tell
    something, those with a hit or those with a miss, whichever are fewer, less one. Where there
    are none, each cluster counts as one observation: (Σ n_g)² / Σ n_g² of them (Kish).
    """
    from scipy.special import stdtrit

    clusters, n = sums.clusters, sums.n
    telling = np.minimum(sums.hit, sums.missed)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = sums.y / n
        squares = sums.yy - 2 * share * sums.ny + share**2 * sums.nn
        variance = np.maximum(squares, 0.0) / n**2 * clusters / (clusters - 1)
        deff = np.maximum(1.0, variance * n / (share * (1 - share)))
        wider = (_Z / stdtrit(np.maximum(telling - 1, 1.0), 0.975)) ** 2
        is_known = (clusters > 1) & (telling > 0)
        effective = np.where(is_known, n / deff * wider, n**2 / sums.nn)
    return wilson(share, effective)
