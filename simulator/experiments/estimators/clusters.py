"""Difference between randomised clusters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.experiments.errors import AnalysisError


class Estimate(NamedTuple):
    """An estimate and its standard error, both in the unit of the outcome."""

    value: float
    se: float


def hajek(totals: ArrayLike, sizes: ArrayLike, treated: ArrayLike) -> Estimate:
    """Estimate treatment minus control per unit, when whole clusters were randomised.

    Formula: Σ totals / Σ sizes in treatment minus the same in control (Hájek ratio); variance by
    linearisation, Σ (total - mean × size)² G/(G - 1) / (Σ sizes)² for each arm with G clusters.

    Args:
        totals: outcome summed over each cluster, float[G].
        sizes: units in each cluster, float[G]; all ones gives the difference of cluster means.
        treated: whether each cluster is in treatment, bool[G].

    Raises:
        AnalysisError: shapes differ, or an arm has fewer than two clusters or no units.
    """
    y, n = np.asarray(totals, np.float64), np.asarray(sizes, np.float64)
    arm = np.asarray(treated, np.bool_)
    if not y.shape == n.shape == arm.shape or y.ndim != 1:
        raise AnalysisError("totals, sizes and treated must be vectors of one length")
    mean1, variance1 = _ratio(y[arm], n[arm], "treatment")
    mean0, variance0 = _ratio(y[~arm], n[~arm], "control")
    return Estimate(mean1 - mean0, float(np.sqrt(variance1 + variance0)))


def _ratio(y: NDArray[np.float64], n: NDArray[np.float64], arm: str) -> tuple[float, float]:
    if y.size < 2 or n.sum() <= 0:
        raise AnalysisError(f"{arm} needs at least two clusters with units (got {y.size})")
    mean = y.sum() / n.sum()
    residual = y - mean * n
    scale = y.size / (y.size - 1) / n.sum() ** 2
    return float(mean), float(scale * (residual * residual).sum())
