"""Compiled rules that fuse a note's predictions into one value."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import Head

_DWELL = int(Head.DWELL)
_CLICK_TIMES_SUM, _WEIGHTED_SUM, _POWER_PRODUCT, _RANK_SUM = 0, 1, 2, 3
_ONE, _ZERO = np.float32(1.0), np.float32(0.0)
_LEAST_SIGNAL = 1e-9
_LARGEST_LOG = 60.0


@njit(cache=True, inline="always")
def _signal(
    p: NDArray[np.float32], log_dwell: NDArray[np.float32], b: int, k: int, h: int
) -> np.float32:
    if h == _DWELL:
        return np.float32(log_dwell[b, k])
    return np.float32(p[b, k, h])


@njit(cache=True, inline="always")
def _sum(
    p: NDArray[np.float32],
    log_dwell: NDArray[np.float32],
    weights: NDArray[np.float32],
    b: int,
    k: int,
) -> np.float32:
    total = np.float32(0.0)
    for h in range(1, p.shape[2]):
        total += weights[h] * _signal(p, log_dwell, b, k, h)
    return total


@njit(cache=True)
def _log_product(
    p: NDArray[np.float32],
    log_dwell: NDArray[np.float32],
    weights: NDArray[np.float32],
    exponents: NDArray[np.float32],
    is_plain: bool,
    b: int,
    k: int,
) -> float:
    """Return Σ a·log s when plain, else Σ a·log(1 + w·s), cut so that its exponential is finite."""
    total = 0.0
    for h in range(p.shape[2]):
        signal = float(_signal(p, log_dwell, b, k, h))
        base = max(signal, _LEAST_SIGNAL) if is_plain else 1.0 + weights[h] * signal
        total += exponents[h] * math.log(base)
    return min(max(total, -_LARGEST_LOG), _LARGEST_LOG)


@njit(cache=True)
def _add_rank_parts(
    p: NDArray[np.float32],
    log_dwell: NDArray[np.float32],
    n: int,
    weights: NDArray[np.float32],
    exponents: NDArray[np.float32],
    offset: float,
    b: int,
    column: NDArray[np.float32],
    value: NDArray[np.float32],
) -> None:
    """Add w/(r^a + offset) of every signal to one row; equal signals share the better place."""
    for h in range(p.shape[2]):
        if weights[h] == _ZERO:
            continue
        for k in range(n):
            column[k] = _signal(p, log_dwell, b, k, h)
        for k in range(n):
            place = np.int32(1)
            for i in range(n):
                place += np.int32(column[i] > column[k])
            value[b, k] += weights[h] / np.float32(float(place) ** exponents[h] + offset)


@njit(cache=True)
def fuse(
    p: NDArray[np.float32],
    log_dwell: NDArray[np.float32],
    n: NDArray[np.int32],
    rule: int,
    weights: NDArray[np.float32],
    exponents: NDArray[np.float32],
    offset: float,
    value: NDArray[np.float32],
) -> None:
    """Write one value a candidate; 0 where padded.

    Args:
        p: float32[B, K, N_HEADS].
        log_dwell: float32[B, K], log(1 + expected seconds of reading).
        n: int32[B], candidates in each row.
        rule: 0 click times sum, 1 weighted sum, 2 power product, 3 rank sum, 4 product.
        weights, exponents: float32[N_HEADS], by `Head`.
        offset: added to powers of places in a rank sum.
        value: float32[B, K], overwritten.
    """
    least = np.float32(1e-26)
    column = np.empty(p.shape[1], np.float32)
    for b in range(p.shape[0]):
        for k in range(p.shape[1]):
            value[b, k] = _ZERO
        if rule == _RANK_SUM:
            _add_rank_parts(p, log_dwell, n[b], weights, exponents, offset, b, column, value)
        for k in range(n[b]):
            click = p[b, k, 0]
            if rule == _CLICK_TIMES_SUM:
                value[b, k] = click * (_ONE + _sum(p, log_dwell, weights, b, k))
            elif rule == _WEIGHTED_SUM:
                value[b, k] = click + _sum(p, log_dwell, weights, b, k)
            elif rule != _RANK_SUM:
                is_plain = rule != _POWER_PRODUCT
                value[b, k] = math.exp(
                    _log_product(p, log_dwell, weights, exponents, is_plain, b, k)
                )
            value[b, k] = max(value[b, k], least)
