"""Area under the ROC curve from counts by score level, for many groups at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


class GroupedAuc(NamedTuple):
    """AUC of each group.

    Attributes:
        group: int64[G], ascending.
        auc: float64[G], NaN where a group has no click or nothing but clicks.
        n: int64[G], impressions of the group.
    """

    group: Counts
    auc: NDArray[np.float64]
    n: Counts


def auc_by_group(group: Counts, level: Counts, n: Counts, clicks: Counts) -> GroupedAuc:
    """Compute AUC exactly on score levels; equal levels count half (Mann and Whitney, 1947).

    Args:
        group: int64[R], at least 0.
        level: int64[R], larger means predicted higher; at least 0.
        n: int64[R], impressions in the row; a group and level may come in several rows.
        clicks: int64[R], clicked ones among them.

    Returns:
        One entry a group.
    """
    if group.size == 0:
        return GroupedAuc(group, np.empty(0), n)
    key = group * (level.max() + 1) + level
    order = np.argsort(key)
    cells = np.flatnonzero(np.diff(key[order], prepend=-1))
    group, n, clicks = group[order], n[order], clicks[order]
    group = group[cells]
    n, clicks = np.add.reduceat(n, cells), np.add.reduceat(clicks, cells)
    starts = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    others = n - clicks
    cell_group = np.repeat(np.arange(starts.size), np.diff(starts, append=group.size))
    before = np.cumsum(others) - others
    below = before - before[starts][cell_group]
    won_twice = np.add.reduceat(clicks * (2 * below + others), starts)
    pairs = np.add.reduceat(clicks, starts) * np.add.reduceat(others, starts)
    auc = np.full(starts.size, np.nan)
    np.divide(won_twice, 2 * pairs, out=auc, where=pairs > 0)
    return GroupedAuc(group[starts], auc, np.add.reduceat(n, starts))
