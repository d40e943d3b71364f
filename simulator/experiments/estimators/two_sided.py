"""Estimators on the 2×2 table of outcomes of a two-sided market.

Every function takes the totals `q` with `q[..., i, j]` the outcome (clicks, bookings, impressions;
a count, or a rate per unit of time) from users in arm i on items in arm j, arms 0 = control and
1 = treatment. Leading axes, if any, are replicates. `a_c` and `a_l` are the fractions of users
(customers) and of items (listings) in treatment, strictly between 0 and 1. An estimate has the unit
of `q` and estimates GTE = q.sum() with everybody treated minus q.sum() with nobody treated.

Source: Johari, Li, Liskovich, Weintraub, Experimental Design in Two-Sided Platforms: An Analysis of
Bias, Management Science 68(10), 2022. All four are linear in `q`, so each comes with its weights.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.experiments.errors import AnalysisError, check_share

Value = np.float64 | NDArray[np.float64]
"""A number for one table, an array over the leading axes for many."""


class Contrasts(NamedTuple):
    """Contrasts of cell means in a simple multiple-randomisation design.

    Attributes:
        user_spillover: y10 - y00, what treated users do to control items.
        item_spillover: y01 - y00, what treated items do to control users.
        direct: y11 - y10 - y01 + y00, what only the treated pair shows.
        total: y11 - y00, equal to the sum of the other three.
    """

    user_spillover: Value
    item_spillover: Value
    direct: Value
    total: Value


def _table(q: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(q, np.float64)
    if table.shape[-2:] != (2, 2):
        raise AnalysisError(f"q must end in shape (2, 2): user arm, item arm (got {table.shape})")
    return table


def _apply(q: ArrayLike, weights: NDArray[np.float64]) -> Value:
    result: Value = (_table(q) * weights).sum(axis=(-2, -1))
    return result


def _cells(a_c: float, a_l: float) -> NDArray[np.float64]:
    check_share(a_c, "a_c")
    check_share(a_l, "a_l")
    return np.outer([1.0 - a_c, a_c], [1.0 - a_l, a_l])


def cr_weights(a_c: float) -> NDArray[np.float64]:
    """Return the float64[2, 2] weights of `cr`."""
    check_share(a_c, "a_c")
    return np.repeat([[-1.0 / (1.0 - a_c)], [1.0 / a_c]], 2, axis=1)


def lr_weights(a_l: float) -> NDArray[np.float64]:
    """Return the float64[2, 2] weights of `lr`."""
    check_share(a_l, "a_l")
    return np.repeat([[-1.0 / (1.0 - a_l), 1.0 / a_l]], 2, axis=0)


def tsrn_weights(a_c: float, a_l: float) -> NDArray[np.float64]:
    """Return the float64[2, 2] weights of `tsrn`."""
    treated = _cells(a_c, a_l)[1, 1]
    weights = np.full((2, 2), -1.0 / (1.0 - treated))
    weights[1, 1] = 1.0 / treated
    return weights


def tsri_weights(a_c: float, a_l: float, k: float, b: float) -> NDArray[np.float64]:
    """Return the float64[2, 2] weights of `tsri`."""
    if not 0.0 <= b <= 1.0:
        raise AnalysisError(f"b must lie between 0 and 1 (got {b})")
    mixed = k * b * (1.0 - b)
    per_cell = np.array([[-2.0 * mixed, mixed - b], [mixed - (1.0 - b), 1.0]])
    return per_cell / _cells(a_c, a_l)


def cr(q: ArrayLike, a_c: float) -> Value:
    """Estimate the effect from a user-side (customer) randomisation.

    Formula: (q11 + q10)/a_c - (q01 + q00)/(1 - a_c). In that design every item serves both arms
    alike. Unbiased when supply does not bind; biased upwards when users compete for scarce supply.

    Args:
        q: totals, float[..., 2, 2].
        a_c: fraction of users in treatment.

    Raises:
        AnalysisError: wrong shape, or a fraction outside (0, 1).
    """
    return _apply(q, cr_weights(a_c))


def lr(q: ArrayLike, a_l: float) -> Value:
    """Estimate the effect from an item-side (listing) randomisation.

    Formula: (q11 + q01)/a_l - (q10 + q00)/(1 - a_l). Unbiased when supply binds; biased upwards
    when treated items take demand from control items.

    Args:
        q: totals, float[..., 2, 2].
        a_l: fraction of items in treatment.

    Raises:
        AnalysisError: wrong shape, or a fraction outside (0, 1).
    """
    return _apply(q, lr_weights(a_l))


def tsrn(q: ArrayLike, a_c: float, a_l: float) -> Value:
    """Estimate the effect from a two-sided randomisation, naively (Johari et al., equation 21).

    Formula: q11/(a_c a_l) - (q01 + q10 + q00)/(1 - a_c a_l), where only treated users facing
    treated items get the treatment.

    Args:
        q: totals, float[..., 2, 2].
        a_c: fraction of users in treatment.
        a_l: fraction of items in treatment.

    Raises:
        AnalysisError: wrong shape, or a fraction outside (0, 1).
    """
    return _apply(q, tsrn_weights(a_c, a_l))


def tsri(q: ArrayLike, a_c: float, a_l: float, k: float, b: float) -> Value:
    """Estimate the effect from a two-sided randomisation, correcting for competition (TSRI-k).

    Formula, with y_ij = q_ij / (fraction of user-item pairs in cell ij):
    b (y11 - y01) + (1 - b)(y11 - y10) + k b (1 - b)(y01 + y10 - 2 y00).

    Args:
        q: totals, float[..., 2, 2].
        a_c: fraction of users in treatment.
        a_l: fraction of items in treatment.
        k: weight of the competition terms; 1 and 2 are the paper's, larger means less bias and a
            larger standard error.
        b: market balance in [0, 1], exp(-λ/τ) for arrival rate λ per item and return rate τ; 1 when
            demand is scarce, 0 when supply is scarce.

    Raises:
        AnalysisError: wrong shape, a fraction outside (0, 1), or b outside [0, 1].
    """
    return _apply(q, tsri_weights(a_c, a_l, k, b))


def allocation_rule(b: float, base: float = 0.5) -> tuple[float, float]:
    """Return the treated fractions (a_c, a_l) for a market balance (Johari et al., equation 26).

    Formula: a_c = (1 - b) + base b, a_l = base (1 - b) + b. The design becomes user-side at b = 1
    and item-side at b = 0, where it has no bias.

    Args:
        b: market balance in [0, 1], exp(-λ/τ).
        base: treated fraction of the side that is randomised in the extremes.

    Raises:
        AnalysisError: b outside [0, 1] or base outside (0, 1).
    """
    if not 0.0 <= b <= 1.0:
        raise AnalysisError(f"b must lie between 0 and 1 (got {b})")
    check_share(base, "base")
    return (1.0 - b) + base * b, base * (1.0 - b) + b


def smrd(q: ArrayLike, a_c: float, a_l: float) -> Contrasts:
    """Return spillovers, direct and total effect of a simple multiple-randomisation design.

    The cell means are y_ij = q_ij / (fraction of user-item pairs in cell ij), so that every
    contrast is on the scale of a whole market. The total equals the global effect only when
    interference is local and the treated fractions approach 1.

    Args:
        q: totals, float[..., 2, 2].
        a_c: fraction of users in treatment.
        a_l: fraction of items in treatment.

    Raises:
        AnalysisError: wrong shape, or a fraction outside (0, 1).

    Source: Multiple Randomization Designs, arXiv 2112.13495.
    """
    return Contrasts(*(_apply(q, np.asarray(w)) for w in smrd_weights(a_c, a_l)))


def smrd_weights(a_c: float, a_l: float) -> Contrasts:
    """Return the float64[2, 2] weights of each contrast of `smrd`."""
    cells = _cells(a_c, a_l)
    spill_user = np.array([[-1.0, 0.0], [1.0, 0.0]])
    spill_item = np.array([[-1.0, 1.0], [0.0, 0.0]])
    direct = np.array([[1.0, -1.0], [-1.0, 1.0]])
    total = np.array([[-1.0, 0.0], [0.0, 1.0]])
    return Contrasts(*(w / cells for w in (spill_user, spill_item, direct, total)))
