"""Weights of the online logistic ranker: where they start and how they are fitted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import N_HEADS, Head
from simulator.ranking.features import FEATURES, N_FEATURES
from simulator.ranking.statistics import DEFAULT_RATES
from simulator.ranking.training_kernels import curvature, gradients, smearing_factor

_FEWEST = 10
_CURVATURE_ROWS: Final = {Head.CLICK: 30_000}
_CURVATURE_ROWS_PER_CLICK: Final = 8_000
_SLIPPERY: Final = 1e-6
_CONVERGED: Final = 0.01
_FAR: Final = 0.1
_LARGEST_WEIGHT: Final = 50.0

_STATISTICS: Final[Mapping[Head, Mapping[str, float]]] = {
    Head.CLICK: {
        "ctr_1h": 0.1,
        "ctr_24h": 0.2,
        "ctr_7d": 0.2,
        "ctr_30d": 0.3,
        "creator_ctr": 0.2,
        "reader_ctr": 0.6,
        "affinity": 1.5,
        "category": 0.2,
    },
    Head.LIKE: {"like_rate": 0.6, "affinity": 0.5},
    Head.COLLECT: {"collect_rate": 0.6, "affinity": 0.5},
    Head.COMMENT: {"comment_rate": 0.6, "affinity": 0.5},
    Head.SHARE: {"share_rate": 0.6, "affinity": 0.5},
    Head.DWELL: {"dwell": 0.6, "affinity": 0.2},
}


def prior_weights() -> NDArray[np.float64]:
    """Return float64[N_HEADS, N_FEATURES], what is believed before anything is logged.

    Each head starts at the default platform rate; its own smoothed statistics count for a little
    less than their face value, and affinity and interest raise it.
    """
    weights = np.zeros((N_HEADS, N_FEATURES))
    for head, by_name in _STATISTICS.items():
        rate = float(DEFAULT_RATES[head])
        is_dwell = head == Head.DWELL
        weights[head, 0] = math.log(1.0 + rate) if is_dwell else math.log(rate / (1.0 - rate))
        for name, weight in by_name.items():
            weights[head, FEATURES.index(name)] = weight
    return weights


@dataclass(frozen=True, slots=True)
class Fit:
    """Fitted weights.

    Attributes:
        weights: float64[N_HEADS, N_FEATURES]; the dwell head predicts log(1 + seconds).
        smearing: factor from exp(mean logarithm) to the mean, for the dwell head.
        steps: Newton steps taken.
    """

    weights: NDArray[np.float64]
    smearing: float
    steps: int


def fit(
    rows: NDArray[np.float32],
    labels: NDArray[np.float32],
    start: Fit,
    ridge: float,
    max_steps: int,
) -> Fit:
    """Improve the weights on logged impressions by Newton steps.

    Maximises the log-likelihood less ridge/2·|w - prior|², the bias left free, so that mean
    prediction equals mean outcome where it converges. The gradient comes from all rows, the
    Hessian from evenly spaced ones, and again after a step that moves linear predictions by more
    than 0.1 in root mean square; steps end below 0.01. A head with fewer than 10 events of either
    kind, or whose solution is not finite, keeps its weights.

    Args:
        rows: float32[n, N_FEATURES].
        labels: float32[n, N_HEADS].
        start: where to start.
        ridge: strength of the prior, in units of curvature.
        max_steps: most steps.

    Returns:
        The new fit; `start.weights` is not changed.
    """
    prior = prior_weights()
    weights = start.weights.copy()
    penalty = np.full(N_FEATURES, ridge)
    penalty[0] = _SLIPPERY
    heads = _trainable(labels)
    curves = {head: _curve(rows, labels, head, weights, penalty) for head in heads}
    gradient = np.empty_like(weights)
    steps = 0
    while curves and steps < max_steps:
        steps += 1
        gradients(rows, labels, weights, gradient)
        for head, (hessian, mass) in list(curves.items()):
            slope = gradient[head] - penalty * (weights[head] - prior[head])
            step, size = _step(hessian, slope, mass)
            if step is None or np.abs(weights[head] + step).max() > _LARGEST_WEIGHT:
                weights[head] = start.weights[head]
                del curves[head]
                continue
            weights[head] += step
            if size < _CONVERGED:
                del curves[head]
            elif size > _FAR:
                curves[head] = _curve(rows, labels, head, weights, penalty)
    smearing = start.smearing
    if Head.DWELL in heads:
        found = float(smearing_factor(rows, labels, weights))
        smearing = found if math.isfinite(found) and found > 0.0 else smearing
    return Fit(weights, smearing, steps)


def _trainable(labels: NDArray[np.float32]) -> list[Head]:
    n_clicks = float(labels[:, Head.CLICK].sum(dtype=np.float64))
    heads = []
    for head in Head:
        n = labels.shape[0] if head == Head.CLICK else n_clicks
        events = n / 2 if head == Head.DWELL else float(labels[:, head].sum(dtype=np.float64))
        if min(events, n - events) >= _FEWEST:
            heads.append(head)
    return heads


def _curve(
    rows: NDArray[np.float32],
    labels: NDArray[np.float32],
    head: Head,
    weights: NDArray[np.float64],
    penalty: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """Return the penalised Hessian and the total curvature of the data, Σ v."""
    hessian = np.empty((N_FEATURES, N_FEATURES))
    limit = _CURVATURE_ROWS.get(head, _CURVATURE_ROWS_PER_CLICK)
    curvature(rows, labels, int(head), weights, limit, hessian)
    mass = float(hessian[0, 0])
    return hessian + np.diag(penalty), mass


def _step(
    hessian: NDArray[np.float64], slope: NDArray[np.float64], mass: float
) -> tuple[NDArray[np.float64] | None, float]:
    """Return the Newton step and its size, the root mean square move of predictions, at most 1."""
    try:
        step: NDArray[np.float64] = np.linalg.solve(hessian, slope).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        return None, 0.0
    size = math.sqrt(max(float((step * slope).sum()), 0.0) / max(mass, _SLIPPERY))
    if not (math.isfinite(size) and np.isfinite(step).all()):
        return None, 0.0
    return step / max(size, 1.0), min(size, 1.0)
