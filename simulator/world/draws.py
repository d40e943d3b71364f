"""Keyed draws of common shapes; an entity's draw never depends on who is drawn beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.contracts.random import normal, uniform

_TINY = 0.5 / (1 << 53)


def normals(seed: int, purpose: str, ids: NDArray[np.generic], width: int) -> NDArray[np.float64]:
    """Return float64[n, width] standard normal numbers, one row an entity."""
    return normal(seed, purpose, ids[:, None], np.arange(width)[None, :])


def choice(seed: int, purpose: str, ids: ArrayLike, weights: Sequence[float]) -> NDArray[np.intp]:
    """Choose one of the weighted options for each entity; weights need not sum to 1."""
    edges = np.cumsum(weights)
    return np.searchsorted(edges[:-1] / edges[-1], uniform(seed, purpose, ids), side="right")


def pick_distinct(
    seed: int, purpose: str, ids: NDArray[np.generic], weights: NDArray[np.float64], k: int
) -> NDArray[np.intp]:
    """Choose k distinct options for each entity, as if drawn one by one by weight.

    Adding Gumbel noise to log weights and keeping the largest k is such a draw (Vieira 2014).

    Args:
        seed: replication seed.
        purpose: name of the decision.
        ids: integer[n].
        weights: float64[m], at least k of them above 0.
        k: how many to choose.

    Returns:
        intp[n, k], in order of drawing.
    """
    u = uniform(seed, purpose, ids[:, None], np.arange(weights.size)[None, :])
    race = -np.log(u + _TINY) / weights
    return np.argsort(race, axis=1, kind="stable")[:, :k]


def exponential(seed: int, purpose: str, *ids: ArrayLike) -> NDArray[np.float64]:
    """Return exponential numbers of mean 1, one an entity."""
    return np.asarray(-np.log(uniform(seed, purpose, *ids) + _TINY))


def geometric_extra(u: NDArray[np.float64], mean: NDArray[np.floating]) -> NDArray[np.int32]:
    """Turn uniform numbers into geometric counts 0, 1, 2, … of the given means."""
    stay = mean / (1.0 + mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        count = np.log1p(-u) / np.log(stay)
    return np.where(stay > 0, np.minimum(count, 1e6), 0).astype(np.int32)


def count_up(count: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return 0, 1, …, count[i] - 1 for each i, one after the other."""
    ends = np.cumsum(count)
    total = int(ends[-1]) if ends.size else 0
    return np.asarray(np.arange(total) - np.repeat(ends - count, count), np.int64)


def zipf_weights(n: int, exponent: float) -> NDArray[np.float64]:
    """Return float64[n] shares that fall with rank to the power of `exponent`."""
    weights = (1.0 + np.arange(n)) ** -exponent
    return np.asarray(weights / weights.sum())


def logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + exp(-x))."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))
