"""Compiled weighted Gini and top share of bootstrap replicates."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def concentration(
    ordered: NDArray[np.float64],
    cluster: NDArray[np.int64],
    weight: NDArray[np.uint8],
    top: float,
) -> NDArray[np.float64]:
    """Return the Gini coefficient, or the share of the largest rows, of every replicate.

    Args:
        ordered: values in rising order, float64[n].
        cluster: cluster of each value, int64[n].
        weight: copies of each cluster in each replicate, uint8[R, G].
        top: 0 for the Gini coefficient, else the fraction of rows that counts as the top.

    Returns:
        float64[R]; NaN where a replicate holds no row or a zero total.
    """
    out = np.empty(weight.shape[0])
    for r in range(weight.shape[0]):
        rows, total, area = 0.0, 0.0, 0.0
        for i in range(ordered.size):
            w = weight[r, cluster[i]]
            area += w * (2.0 * total + w * ordered[i])
            total += w * ordered[i]
            rows += w
        if rows == 0.0 or total == 0.0:
            out[r] = np.nan
            continue
        if top == 0.0:
            out[r] = 1.0 - area / (rows * total)
            continue
        left, held = top * rows, 0.0
        for i in range(ordered.size - 1, -1, -1):
            w = min(float(weight[r, cluster[i]]), left)
            held += w * ordered[i]
            left -= w
            if left <= 0.0:
                break
        out[r] = held / total
    return out
