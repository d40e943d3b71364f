"""Compiled sums over logged impressions from which the ranker's weights are fitted."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import Head

_CLICK, _DWELL = int(Head.CLICK), int(Head.DWELL)


@njit(cache=True, inline="always")
def _linear(x: NDArray[np.float64], weights: NDArray[np.float64], head: int) -> float:
    s0 = s1 = s2 = s3 = 0.0
    whole = x.shape[0] - x.shape[0] % 4
    for f in range(0, whole, 4):
        s0 += x[f] * weights[head, f]
        s1 += x[f + 1] * weights[head, f + 1]
        s2 += x[f + 2] * weights[head, f + 2]
        s3 += x[f + 3] * weights[head, f + 3]
    for f in range(whole, x.shape[0]):
        s0 += x[f] * weights[head, f]
    return (s0 + s1) + (s2 + s3)


@njit(cache=True, inline="always")
def _probability(z: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(z, -30.0), 30.0)))


@njit(cache=True)
def gradients(
    rows: NDArray[np.float32],
    labels: NDArray[np.float32],
    weights: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Add up Σ (y - prediction) x for every head, in order of storage.

    The click head reads all rows, the others clicked ones. All heads but dwell are logistic,
    dwell is linear.

    Args:
        rows: float32[n, F].
        labels: float32[n, N_HEADS].
        weights: float64[N_HEADS, F].
        out: float64[N_HEADS, F], receives the sums.
    """
    out[:] = 0.0
    x = np.empty(rows.shape[1])
    for i in range(rows.shape[0]):
        for f in range(x.shape[0]):
            x[f] = rows[i, f]
        n_heads = out.shape[0] if labels[i, _CLICK] > 0 else 1
        for h in range(n_heads):
            prediction = _linear(x, weights, h)
            if h != _DWELL:
                prediction = _probability(prediction)
            error = labels[i, h] - prediction
            for f in range(x.shape[0]):
                out[h, f] += error * x[f]


@njit(cache=True)
def curvature(
    rows: NDArray[np.float32],
    labels: NDArray[np.float32],
    head: int,
    weights: NDArray[np.float64],
    limit: int,
    out: NDArray[np.float64],
) -> None:
    """Add up Σ v x xᵀ of one head over evenly spaced rows, scaled up to all rows.

    v is half p(1 - p) and half (y - p)². Both have the same mean where predictions are right; where
    they are saturated and wrong the first vanishes, and a step by it alone would not come back.

    Args:
        rows: float32[n, F].
        labels: float32[n, N_HEADS].
        head: which head; all but click read clicked rows alone.
        weights: float64[N_HEADS, F], where v is taken; v is 1 for dwell.
        limit: most rows to read.
        out: float64[F, F], receives the sums.
    """
    out[:] = 0.0
    width = rows.shape[1]
    x = np.empty(width)
    n_used = 0
    for i in range(rows.shape[0]):
        n_used += 1 if head == _CLICK or labels[i, _CLICK] > 0 else 0
    step = max((n_used + limit - 1) // limit, 1)
    n_seen = n_read = 0
    for i in range(rows.shape[0]):
        if head != _CLICK and labels[i, _CLICK] == 0:
            continue
        n_seen += 1
        if n_seen % step != 0:
            continue
        n_read += 1
        for f in range(width):
            x[f] = rows[i, f]
        v = 1.0
        if head != _DWELL:
            p = _probability(_linear(x, weights, head))
            error = labels[i, head] - p
            v = 0.5 * (p * (1.0 - p) + error * error)
        for f in range(width):
            scaled = v * x[f]
            for g in range(f + 1):
                out[f, g] += scaled * x[g]
    for f in range(width):
        for g in range(f + 1):
            out[f, g] *= n_used / max(n_read, 1)
            out[g, f] = out[f, g]


@njit(cache=True)
def smearing_factor(
    rows: NDArray[np.float32], labels: NDArray[np.float32], weights: NDArray[np.float64]
) -> float:
    """Return Σ(1 + dwell) / Σ exp(prediction of log(1 + dwell)) over clicked rows, 1 if none.

    It corrects the mean after a regression of logarithms (Duan, JASA 1983).

    Args:
        rows: float32[n, F].
        labels: float32[n, N_HEADS].
        weights: float64[N_HEADS, F].
    """
    observed = predicted = 0.0
    x = np.empty(rows.shape[1])
    for i in range(rows.shape[0]):
        if labels[i, _CLICK] > 0:
            for f in range(x.shape[0]):
                x[f] = rows[i, f]
            observed += math.exp(labels[i, _DWELL])
            predicted += math.exp(min(max(_linear(x, weights, _DWELL), 0.0), 20.0))
    return observed / predicted if predicted > 0.0 else 1.0
