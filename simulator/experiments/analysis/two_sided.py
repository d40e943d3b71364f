"""Standard errors of the estimators of a two-sided experiment, by two-way clustering."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.experiments.analysis.encode import arms_of, codes_of, column_of, numeric
from simulator.experiments.errors import AnalysisError
from simulator.experiments.estimators import Estimate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class TwoSided(NamedTuple):
    """Outcomes of a two-sided experiment, summed for linear estimators.

    Attributes:
        totals: outcome by user arm and item arm, float64[2, 2]; what the estimators take.
        users: outcome of each user by item arm, float64[U, 2].
        user_arm: arm of each user, int64[U].
        items: outcome of each item by user arm, float64[I, 2].
        item_arm: arm of each item, int64[I].
        squares: sum of squared pair outcomes by user arm and item arm, float64[2, 2].
    """

    totals: Floats
    users: Floats
    user_arm: Ints
    items: Floats
    item_arm: Ints
    squares: Floats

    def estimate(self, weights: Floats) -> Estimate:
        """Return Σ weights × totals and its standard error.

        Variance: V_users + V_items - V_pairs (Cameron, Gelbach, Miller, 2011). The correction is
        the usual one for two-way dependence, not exact under every alternative (Liu, Shaikh,
        Toulis, arXiv 2504.06215).

        Args:
            weights: float64[2, 2] of a linear estimator, for example `tsrn_weights(a_c, a_l)`.
        """
        value = float((weights * self.totals).sum())
        by_user = _spread((self.users * weights[self.user_arm]).sum(axis=1), self.user_arm)
        by_item = _spread((self.items * weights[:, self.item_arm].T).sum(axis=1), self.item_arm)
        pairs = np.outer(np.bincount(self.user_arm), np.bincount(self.item_arm))
        by_pair = float((weights**2 * (self.squares - self.totals**2 / pairs)).sum())
        variance = by_user + by_item - by_pair
        return Estimate(value, float(np.sqrt(variance if variance > 0 else max(by_user, by_item))))

    def mean_a_note(self, weights: Floats, sizes: Floats) -> tuple[float, float, float]:
        """Return the level of untreated pairs, Σ weights × levels, and its standard error.

        The level of a cell is its outcome over the notes of its items, times all users over the
        users of its arm: what a note would have, were all users of that arm. Errors are two-way,
        for the given numbers of users and notes.

        Args:
            weights: float64[2, 2], of the levels by user arm and item arm.
            sizes: float64[I], notes of each item.
        """
        n_users = np.bincount(self.user_arm, minlength=2).astype(np.float64)
        n_notes = np.bincount(self.item_arm, sizes, 2).astype(np.float64)
        scale = weights * n_users.sum() / np.outer(n_users, n_notes)
        levels = self.totals * n_users.sum() / np.outer(n_users, n_notes)
        own = self.users - (self.totals / n_users[:, None])[self.user_arm]
        by_user = (own * scale[self.user_arm]).sum(axis=1)
        a_note = (self.totals / n_notes).T[self.item_arm]
        by_item = ((self.items - a_note * sizes[:, None]) * scale.T[self.item_arm]).sum(axis=1)
        by_pair = float((scale**2 * self.squares).sum())
        parts = [float((x**2).sum()) * x.size / (x.size - 1) for x in (by_user, by_item)]
        variance = max(sum(parts) - by_pair, *parts)
        return float(levels[0, 0]), float((weights * levels).sum()), float(np.sqrt(variance))


def two_sided(
    table: pd.DataFrame,
    outcome: str,
    users: tuple[str, str],
    items: tuple[str, str],
    user_arms: pd.Series | None = None,
    item_arms: pd.Series | None = None,
) -> TwoSided:
    """Sum a log of user-item outcomes for the estimators of a two-sided randomisation.

    Args:
        table: one row an interaction (impression, click).
        outcome: numeric column; pairs without rows count as zero.
        users: columns of the user and of the user's arm.
        items: columns of the item and of the item's arm.
        user_arms: arm of every user of the experiment, indexed by user, so that users without rows
            count; by default only those with rows.
        item_arms: the same for items.

    Raises:
        AnalysisError: a column is missing, an arm is empty, or a unit is in both arms.
    """
    y = numeric(table, outcome).astype(np.float64)
    if not np.isfinite(y).all():
        raise AnalysisError(f"column {outcome!r} has missing or infinite values")
    user, user_arm = _side(table, users, user_arms)
    item, item_arm = _side(table, items, item_arms)
    i, j = user_arm[user], item_arm[item]
    totals = _sums(2 * i + j, y, 2)
    by_user = _sums(2 * user + j, y, user_arm.size)
    by_item = _sums(2 * item + i, y, item_arm.size)
    pair, where = np.unique(user * item_arm.size + item, return_inverse=True)
    per_pair = np.bincount(where, y).astype(np.float64)
    cell = 2 * user_arm[pair // item_arm.size] + item_arm[pair % item_arm.size]
    return TwoSided(totals, by_user, user_arm, by_item, item_arm, _sums(cell, per_pair**2, 2))


def _sums(cell: Ints, weights: Floats, n: int) -> Floats:
    """Sum weights by cell into n rows of two."""
    sums: Floats = np.bincount(cell, weights, 2 * n).astype(np.float64)
    return sums.reshape(n, 2)


def _side(
    table: pd.DataFrame, columns: tuple[str, str], everyone: pd.Series | None
) -> tuple[Ints, Ints]:
    name, arm = columns
    if everyone is not None:
        frame = pd.DataFrame({name: everyone.index, arm: everyone.to_numpy()})
        codes = everyone.index.get_indexer(pd.Index(column_of(table, name)))
        if (codes < 0).any():
            raise AnalysisError(f"some {name} of the table have no arm")
        arms, labels = arms_of(frame, arm, None)
        _two(labels, arm)
        return codes.astype(np.int64), arms.astype(np.int64)
    code, units = codes_of(column_of(table, name), name)
    arms, labels = arms_of(table, arm, None)
    _two(labels, arm)
    of_unit: Ints = np.zeros(len(units), np.int64)
    of_unit[code] = arms
    if np.any(of_unit[code] != arms):
        raise AnalysisError(f"some {name} are in both arms")
    return code.astype(np.int64), of_unit


def _two(labels: list[object], arm: str) -> None:
    if len(labels) != 2:
        raise AnalysisError(f"a two-sided experiment has two arms a side, {arm!r} has {labels!r}")


def _spread(score: Floats, arm: Ints) -> float:
    total = 0.0
    for a in (0, 1):
        own = score[arm == a]
        if own.size < 2:
            raise AnalysisError("each arm of each side needs at least two units")
        total += own.size / (own.size - 1) * float(((own - own.mean()) ** 2).sum())
    return total
