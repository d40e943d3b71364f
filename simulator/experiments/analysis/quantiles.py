"""Quantiles and their standard errors, for rows or for clusters of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_Z = 1.959963984540054


def quantile_with_se(values: Floats, q: float, cluster: Ints | None = None) -> tuple[float, float]:
    """Return a sample quantile and its standard error.

    The standard error of the share of rows below the quantile (binomial, or by cluster totals when
    rows are dependent) is carried to the scale of the values by the order statistics at
    q ± 1.96 standard errors (Liu, Sun, Varshney, Xu, Large-Scale Online Experimentation with
    Quantile Metrics, ICSE-SEIP 2019; clusters: Deng, Knoblich, Lu, KDD 2018).

    Args:
        values: float64[n].
        q: level in (0, 1).
        cluster: cluster of each row, int64[n], or None for independent rows.
    """
    ordered = np.sort(values)
    level = float(np.quantile(ordered, q))
    below = _share_se(values <= level, q, cluster)
    low, high = np.quantile(ordered, np.clip([q - _Z * below, q + _Z * below], 0.0, 1.0))
    return level, float(high - low) / (2.0 * _Z)


def _share_se(below: NDArray[np.bool_], q: float, cluster: Ints | None) -> float:
    if cluster is None:
        return float(np.sqrt(q * (1.0 - q) / below.size))
    code = np.unique(cluster, return_inverse=True)[1]
    residual = np.bincount(code, below - below.mean())
    n = residual.size
    return float(np.sqrt(n / (n - 1) * (residual * residual).sum()) / below.size)
