"""Level, difference and relative lift as functions of totals, with delta-method variances.

A metric is a ratio of totals, f(T) = T[num] / T[den]; with covariates x (CUPED), the level of arm a
is f(T_a) - Σ θ (x(T_a) - x(T_pool)), where θ minimises the variance of the linearised metric (Deng,
Xu, Kohavi, Walker, WSDM 2013; ratios: Deng, Knoblich, Lu, KDD 2018). Every function takes leading
axes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Form(NamedTuple):
    """A metric in column numbers: (numerator, denominator), and one such pair a covariate."""

    value: tuple[int, int]
    covariates: tuple[tuple[int, int], ...] = ()


class Pair(NamedTuple):
    """Sufficient statistics of a control and a treatment arm.

    Attributes:
        totals0: totals of control, float64[..., C].
        totals1: totals of treatment.
        variance0: variance of those totals, float64[..., C, C].
        variance1: the same of treatment.
        covariance: covariance of control totals with treatment totals, or None when independent.
        pooled: cross-products of units (clusters) of both arms about their mean, for θ.
    """

    totals0: Floats
    totals1: Floats
    variance0: Floats
    variance1: Floats
    covariance: Floats | None
    pooled: Floats


class Contrast(NamedTuple):
    """What a pair of arms says about one metric; arrays over the leading axes.

    Attributes:
        control: level in control.
        treatment: level in treatment.
        difference: treatment minus control.
        variance: variance of the difference.
        relative: treatment over control, minus 1.
        relative_variance: its variance, including the baseline's variance and covariance.
        shares: variance of each arm's level, float64[..., 2], for degrees of freedom.
        theta: coefficients of the covariates, float64[..., M].
    """

    control: Floats
    treatment: Floats
    difference: Floats
    variance: Floats
    relative: Floats
    relative_variance: Floats
    shares: Floats
    theta: Floats


def contrast(pair: Pair, form: Form) -> Contrast:
    """Compare two arms on one metric.

    Args:
        pair: sufficient statistics.
        form: columns of the metric; `Form(value)` without covariates gives the unadjusted reading.
    """
    pool = pair.totals0 + pair.totals1
    theta = _theta(pool, pair.pooled, form)
    level0, own0 = _adjusted(pair.totals0, pool, theta, form)
    level1, own1 = _adjusted(pair.totals1, pool, theta, form)
    shared = np.zeros_like(pool)
    for m, part in enumerate(form.covariates):
        shared += theta[..., m, None] * _finite(_gradient(pool, part))
    variance, shares = _variance(pair, -own0, own1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = level1 / level0
        on1, on0 = (1.0 / level0)[..., None], (ratio / level0)[..., None]
        toward0 = on1 * shared - on0 * (own0 + shared)
        toward1 = on1 * (own1 + shared) - on0 * shared
        relative_variance, _ = _variance(pair, toward0, toward1)
    return Contrast(
        level0, level1, level1 - level0, variance, ratio - 1.0, relative_variance, shares, theta
    )


def usable(pair: Pair, form: Form) -> Form:
    """Return the form without covariates that an arm has nothing of: a ratio over zero.

    Args:
        pair: sufficient statistics without leading axes.
        form: columns of the metric.
    """
    arms = (pair.totals0, pair.totals1)
    kept = tuple(p for p in form.covariates if all(t[p[1]] != 0.0 for t in arms))
    return Form(form.value, kept)


def _level(totals: Floats, part: tuple[int, int]) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(totals[..., part[0]] / totals[..., part[1]])


def _gradient(totals: Floats, part: tuple[int, int]) -> Floats:
    out = np.zeros_like(totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        out[..., part[0]] += 1.0 / totals[..., part[1]]
        out[..., part[1]] -= totals[..., part[0]] / totals[..., part[1]] ** 2
    return out


def _finite(x: Floats) -> Floats:
    """Return a covariate's part of something; zero where its denominator is: it says nothing."""
    return np.where(np.isfinite(x), x, 0.0)


def _quadratic(left: Floats, matrix: Floats, right: Floats) -> Floats:
    return np.asarray(np.einsum("...i,...ij,...j->...", left, matrix, right))


def _variance(pair: Pair, toward0: Floats, toward1: Floats) -> tuple[Floats, Floats]:
    part0 = _quadratic(toward0, pair.variance0, toward0)
    part1 = _quadratic(toward1, pair.variance1, toward1)
    total = part0 + part1
    if pair.covariance is not None:
        total = total + 2.0 * _quadratic(toward0, pair.covariance, toward1)
    return np.maximum(total, 0.0), np.stack([part0, part1], axis=-1)


def _theta(pool: Floats, pooled: Floats, form: Form) -> Floats:
    m = len(form.covariates)
    if m == 0:
        return np.zeros((*pool.shape[:-1], 0))
    value = _gradient(pool, form.value)
    gradients = np.stack([_finite(_gradient(pool, p)) for p in form.covariates], axis=-2)
    cross = np.einsum("...mi,...ij,...j->...m", gradients, pooled, value)
    square = np.einsum("...mi,...ij,...nj->...mn", gradients, pooled, gradients)
    if m == 1:
        spread = square[..., 0]
        usable = spread > _noise(gradients, pooled, pool)
        return np.where(usable, cross / np.where(usable, spread, 1.0), 0.0)
    inverse = np.linalg.pinv(square, rcond=1e-10, hermitian=True)
    return np.asarray(np.einsum("...mn,...n->...m", inverse, cross))


def _noise(gradients: Floats, pooled: Floats, pool: Floats) -> Floats:
    """Return the size below which a covariate's variance is rounding error."""
    spread = np.einsum("...ii->...i", pooled) * 1e-13 + (1e-12 * pool) ** 2 / pool[..., :1]
    return np.asarray((gradients**2 * spread[..., None, :]).sum(axis=-1))


def _adjusted(totals: Floats, pool: Floats, theta: Floats, form: Form) -> tuple[Floats, Floats]:
    level, own = _level(totals, form.value), _gradient(totals, form.value)
    for m, part in enumerate(form.covariates):
        level = level - theta[..., m] * _finite(_level(totals, part) - _level(pool, part))
        own = own - theta[..., m, None] * _finite(_gradient(totals, part))
    return level, own
