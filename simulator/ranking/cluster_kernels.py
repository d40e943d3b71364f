"""Compiled search for the nearest centroid."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def nearest_centroid(
    vectors: NDArray[np.float32], centroids: NDArray[np.float32], label: NDArray[np.int32]
) -> None:
    """Write the centroid of largest inner product with each vector, the first among equals.

    Args:
        vectors: float32[n, D].
        centroids: float32[D, K], at least one.
        label: int32[n], receives the numbers of the centroids.
    """
    n_clusters = centroids.shape[1]
    dot = np.empty(n_clusters, np.float32)
    for i in range(vectors.shape[0]):
        dot[:] = np.float32(0.0)
        for d in range(vectors.shape[1]):
            x = vectors[i, d]
            for c in range(n_clusters):
                dot[c] += x * centroids[d, c]
        best = 0
        for c in range(1, n_clusters):
            if dot[c] > dot[best]:
                best = c
        label[i] = best
