"""Compiled rows of numbers that the reader tower reads."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.contracts.events import Kind

_IMPRESSION, _CLICK = int(Kind.IMPRESSION), int(Kind.CLICK)
_PRIOR_IMPRESSIONS = np.float32(50.0)
_PRIOR_CLICK_RATE = np.float32(0.1)

N_ACTIVITY = 3
"""Columns of a reader's activity."""


@njit(cache=True)
def reader_rows(
    reader_idx: NDArray[np.int32],
    ids: NDArray[np.float32],
    clicks: NDArray[np.int32],
    shared: NDArray[np.float32],
    profile: NDArray[np.float32],
    vector: NDArray[np.float32],
    totals: NDArray[np.float32],
    active_days: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    """Write ID vector, category profile, mean content and activity of each reader.

    Activity is the logarithm of impressions, of the smoothed click rate over its prior, and of
    active days, each brought to the order of one.

    Args:
        reader_idx: int32[B].
        ids: float32[r, d], ID vectors of the first r readers.
        clicks: int32[r]; a reader without, or beyond r, has the shared ID vector.
        shared: float32[d], with d 0 for rows without an ID vector.
        profile, vector, totals, active_days: columns of the reader table.
        out: float32[B, d + C + D + N_ACTIVITY], overwritten.
    """
    d, n_categories, width = shared.shape[0], profile.shape[1], vector.shape[1]
    for b in range(reader_idx.shape[0]):
        reader = reader_idx[b]
        is_known = reader < clicks.shape[0] and clicks[reader] > 0
        for j in range(d):
            out[b, j] = ids[reader, j] if is_known else shared[j]
        for j in range(n_categories):
            out[b, d + j] = profile[reader, j]
        for j in range(width):
            out[b, d + n_categories + j] = vector[reader, j]
        impressions = totals[reader, _IMPRESSION]
        prior = _PRIOR_CLICK_RATE * _PRIOR_IMPRESSIONS
        rate = (totals[reader, _CLICK] + prior) / (impressions + _PRIOR_IMPRESSIONS)
        at = d + n_categories + width
        out[b, at] = np.float32(0.2) * np.log1p(impressions) - np.float32(1.0)
        out[b, at + 1] = np.log(rate / _PRIOR_CLICK_RATE)
        out[b, at + 2] = np.float32(0.3) * np.log1p(np.float32(active_days[reader]))
