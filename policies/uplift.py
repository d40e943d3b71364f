"""What quotas do to publishing, learned from quotas drawn at random, and how to spend on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Uplift:
    """Effects of L quota levels on S segments of creators, against the lowest level.

    Attributes:
        effect: float64[S, L], notes a creator and day more than at the lowest level, shrunk to
            the effect over all segments; 0 at the lowest level.
        pooled: float64[L], effect over all segments.
        error: float64[L], its standard error.
    """

    effect: Floats
    pooled: Floats
    error: Floats

    @property
    def z(self) -> float:
        """Effect of the highest level over its standard error; 0 when it is unknown."""
        error = float(self.error[-1])
        return float(self.pooled[-1]) / error if error > 0 else 0.0


def estimate(outcome: Floats, before: Floats, level: Ints, segment: Ints, n_levels: int) -> Uplift:
    """Compare creators by the quota that was drawn for them.

    Outcomes are adjusted by what creators published before (CUPED; Deng, Xu, Kohavi, Walker, WSDM
    2013). Effects of segments are shrunk to the pooled one by how much they differ beyond noise
    (DerSimonian and Laird, 1986): segments of few creators say little for themselves.

    Args:
        outcome: float64[c], notes a day since quotas are drawn.
        before: float64[c], notes in the time before.
        level: int64[c], drawn level, 0 to `n_levels` - 1.
        segment: int64[c], 0 to S - 1.
        n_levels: number of levels.

    Returns:
        The effects; 0 with an infinite error where a level has fewer than two creators.
    """
    adjusted = outcome.copy()
    spread = float(before.var()) if before.size else 0.0
    if spread > 0:
        slope = float(((before - before.mean()) * (outcome - outcome.mean())).mean()) / spread
        adjusted -= slope * (before - before.mean())
    n_segments = int(segment.max()) + 1 if segment.size else 1
    pooled, error = _contrasts(adjusted, level, n_levels)
    effect = np.zeros((n_segments, n_levels))
    each = [
        _contrasts(adjusted[segment == s], level[segment == s], n_levels) for s in range(n_segments)
    ]
    own = np.stack([contrast for contrast, _ in each])
    noise = np.stack([np.square(deviation) for _, deviation in each])
    for k in range(1, n_levels):
        seen = np.isfinite(noise[:, k])
        apart = np.square(own[seen, k] - pooled[k]) - noise[seen, k]
        between = max(float(apart.mean()), 0.0) if seen.any() else 0.0
        weight = np.where(seen, between / (between + np.where(seen, noise[:, k], 1.0)), 0.0)
        effect[:, k] = weight * np.where(seen, own[:, k], 0.0) + (1.0 - weight) * pooled[k]
    return Uplift(effect, pooled, error)


def _contrasts(outcome: Floats, level: Ints, n_levels: int) -> tuple[Floats, Floats]:
    """Return difference to the lowest level and its standard error, by level."""
    groups = [outcome[level == k] for k in range(n_levels)]
    difference, error = np.zeros(n_levels), np.full(n_levels, np.inf)
    error[0] = 0.0
    for k in range(1, n_levels):
        if groups[0].size > 1 and groups[k].size > 1:
            difference[k] = groups[k].mean() - groups[0].mean()
            variance = sum(group.var(ddof=1) / group.size for group in (groups[0], groups[k]))
            error[k] = np.sqrt(variance)
    return difference, error


def concave(levels: Floats, effect: Floats) -> Floats:
    """Return the least concave curve, nowhere falling, that is nowhere below the points.

    Args:
        levels: float64[L], ascending, the first is the origin.
        effect: float64[L], 0 at the first.
    """
    corners = [0]
    for k in range(1, levels.size):
        while len(corners) > 1 and _slope(levels, effect, corners[-2:]) <= _slope(
            levels, effect, [corners[-1], k]
        ):
            corners.pop()
        if _slope(levels, effect, [corners[-1], k]) > 0:
            corners.append(k)
    return np.asarray(np.interp(levels, levels[corners], effect[corners]))


def _slope(levels: Floats, effect: Floats, ends: list[int]) -> float:
    a, b = ends
    return float((effect[b] - effect[a]) / (levels[b] - levels[a]))


def allocate(
    levels: Floats, effect: Floats, creators: Floats, notes: Floats, budget: float
) -> Floats:
    """Spend a budget of impressions on the steps between levels that bring most notes each.

    Effects are concave, so a segment's steps fall in worth, and taking steps by falling worth is
    optimal up to the last, which is taken for a part of the segment.

    Args:
        levels: float64[L], quotas, ascending.
        effect: float64[S, L], notes a creator and day, concave in the quota.
        creators: float64[S], creators of each segment.
        notes: float64[S], notes a day of each segment: what a quota costs.
        budget: impressions a day for what is above the lowest level.

    Returns:
        float64[S, L], share of each segment's creators at each level; rows sum to 1.
    """
    reached = np.zeros(effect.shape)
    reached[:, 0] = 1.0
    gain = creators[:, None] * np.diff(effect, axis=1)
    cost = notes[:, None] * np.diff(levels)[None, :]
    # Rounding must not put a later step of a segment ahead of an equal one before it.
    worth = np.minimum.accumulate(gain / np.maximum(cost, 1e-12), axis=1)
    left = budget
    for flat in np.argsort(-worth, axis=None, kind="stable"):
        s, k = divmod(int(flat), levels.size - 1)
        if worth[s, k] <= 0 or left <= 0:
            break
        share = min(1.0, left / max(cost[s, k], 1e-12))
        reached[s, k + 1] = min(share, reached[s, k])
        left -= cost[s, k] * reached[s, k + 1]
    return np.asarray(reached - np.append(reached[:, 1:], np.zeros((effect.shape[0], 1)), axis=1))
