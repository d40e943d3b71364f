"""Differences-in-Q: re-read an author-side (plan 1) log as a decision process.

When authors are split, treated notes also change what happens later in the same session: the reader
leaves sooner, or skips a control note. The naive difference of rewards per exposure misses that.
The difference of rewards over the rest of the session (Q) sees it, and its bias is of second order
in the effect (Farias, Li, Peng, Ren, Zhang, Zheng, Correcting for Interference in Experiments: A
Case Study at Douyin, arXiv 2305.02542; Farias, Li, Peng, Zheng, Markovian Interference in
Experiments, arXiv 2206.02371).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.experiments.errors import AnalysisError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOT_RANDOMISED = 2
"""Arm of exposures that are in no contrast."""


class SessionEffect(NamedTuple):
    """Effect of treating every exposure, on the reward of one session.

    Attributes:
        value: Differences-in-Q estimate, reward per session.
        se: standard error of `value`, from the clusters given (sessions by default).
        naive: the same with the reward of the exposure alone instead of Q.
        naive_se: standard error of `naive`.
        n_sessions: sessions read.
        n_dropped: exposures in states that only one arm reached, left out of both estimates.
    """

    value: float
    se: float
    naive: float
    naive_se: float
    n_sessions: int
    n_dropped: int


def reward_to_go(session: ArrayLike, reward: ArrayLike) -> Floats:
    """Return for each exposure the reward from it to the end of its session, itself included.

    Args:
        session: session of each exposure, int[n]; exposures of a session lie together, in order.
        reward: reward of each exposure, float[n].

    Raises:
        AnalysisError: a session's exposures do not lie together, or lengths differ.
    """
    r = np.asarray(reward, np.float64)
    start = _session_starts(np.asarray(session), r)
    through = np.cumsum(r)
    last = np.append(start[1:], r.size) - 1
    return np.repeat(through[last], np.diff(np.append(start, r.size))) - through + r


def differences_in_q(
    session: ArrayLike,
    arm: ArrayLike,
    reward: ArrayLike,
    state: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    second_cluster: ArrayLike | None = None,
) -> SessionEffect:
    """Estimate the effect per session on a log where exposures are treated or not.

    Formula: Σ_s w_s (mean Q in treatment - mean Q in control), s the state at the exposure, w_s the
    exposures in state s per session, Q the reward of the rest of the session under the mixed
    policy.

    Args:
        session: session of each exposure, int[n]; exposures of a session lie together, in order.
        arm: arm of the exposed note, int[n] of 0 and 1, or 2 for notes that were not randomised:
            their rewards count in the rest of a session, and they are in no contrast.
        reward: reward of each exposure, float[n], for example a click.
        state: what the next exposure depends on, int[n]; by default the position in the session. A
            state with one arm only (a boost can empty a position) is left out and counted.
        cluster: unit whose exposures are dependent, int[n], for example the reader or the author;
            by default the session.
        second_cluster: a second, crossed unit, for two-way errors V1 + V2 - V12.

    Raises:
        AnalysisError: lengths differ, an arm is empty, or a session's exposures do not lie
        together.
    """
    ids, r = np.asarray(session), np.asarray(reward, np.float64)
    a = np.asarray(arm)
    start = _session_starts(ids, r)
    if a.shape != r.shape or not np.array_equal(np.unique(a[a != NOT_RANDOMISED]), [0, 1]):
        raise AnalysisError("arm must hold 0, 1 or 2 for every exposure, and both arms")
    length = np.diff(np.append(start, r.size))
    position = np.arange(r.size) - np.repeat(start, length)
    states = _codes(position if state is None else state, r.size, "state")
    groups = [np.repeat(np.arange(start.size), length)]
    if cluster is not None:
        groups = [_codes(cluster, r.size, "cluster")]
    if second_cluster is not None:
        groups.append(_codes(second_cluster, r.size, "second_cluster"))
        groups.append(np.unique(np.stack(groups), axis=1, return_inverse=True)[1].ravel())
    go = reward_to_go(ids, r)
    value, se, dropped = _contrast(go, a, states, groups, start.size)
    naive, naive_se, _ = _contrast(r, a, states, groups, start.size)
    return SessionEffect(value, se, naive, naive_se, start.size, dropped)


def _contrast(
    y: Floats, arm: NDArray[Any], state: Ints, groups: list[Ints], n_sessions: int
) -> tuple[float, float, int]:
    n_states = int(state.max()) + 1
    treated, counted = arm == 1, arm != NOT_RANDOMISED
    n1 = np.bincount(state, treated, n_states)
    n = np.bincount(state, counted, n_states).astype(np.float64)
    both = (n1 > 0) & (n1 < n)
    usable = both[state] & counted
    with np.errstate(divide="ignore", invalid="ignore"):
        mean1 = np.bincount(state, y * treated, n_states) / n1
        mean0 = np.bincount(state, y * (counted & ~treated), n_states) / (n - n1)
    gap = np.where(both, mean1 - mean0, 0.0)
    value = float((n * gap).sum()) / n_sessions
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(
            treated, (y - mean1[state]) / n1[state], -(y - mean0[state]) / (n - n1)[state]
        )
    influence = np.where(usable, n[state] * score + gap[state], 0.0) / n_sessions
    variance = [_clustered(influence, group) for group in groups]
    total = variance[0]
    if len(variance) > 1:
        both_ways = variance[0] + variance[1] - variance[2]
        total = both_ways if both_ways > 0.0 else max(variance[:2])
    return value, float(np.sqrt(total)), int((counted & ~usable).sum())


def _clustered(influence: Floats, group: Ints) -> float:
    per_group = np.bincount(group, influence)
    spread = per_group - per_group.mean()
    return float(per_group.size / max(per_group.size - 1, 1) * (spread * spread).sum())


def _session_starts(session: NDArray[np.generic], reward: Floats) -> Ints:
    if session.ndim != 1 or session.shape != reward.shape or session.size == 0:
        raise AnalysisError("session and reward must be vectors of one length, not empty")
    start = np.flatnonzero(np.append(True, session[1:] != session[:-1]))
    if np.unique(session).size != start.size:
        raise AnalysisError("the exposures of a session must lie together, in order")
    return start.astype(np.int64)


def _codes(values: ArrayLike, n: int, name: str) -> Ints:
    codes = np.unique(np.asarray(values), return_inverse=True)[1]
    if codes.shape != (n,):
        raise AnalysisError(f"{name} must hold one value for every exposure")
    return codes.astype(np.int64)
