"""Merge two counterfactual rankings into one, for experiments on producers.

Items are split at random: each is in arm 1 with probability 1 - p0. An item's own rank is the one
it would have if its arm's model ranked everything. The merged list is sorted by own rank; a slot k
is disputed when model 0's k-th item is in arm 0 and model 1's k-th item is in arm 1, and a rule
says who goes first. Ranks are 0-based, 0 = top, one a item.
"""

from __future__ import annotations

from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.experiments.errors import AnalysisError, check_share

MergeRule = Literal["consistent", "equal"]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MAX_ENUMERATED = 8


def tie_probability(
    rank0: ArrayLike, rank1: ArrayLike, p0: float, rule: MergeRule = "consistent"
) -> Floats:
    """Return the probability that arm 0's item goes first in each disputed slot.

    `equal` is 1/2 everywhere: the merging of UniCoRn (Nandy et al., arXiv 2106.00762), biased
    because an item that moves up by treatment loses the slot above its own half of the time in one
    arm and none of the time in the other. `consistent` keeps E[final rank | own rank k] the same in
    both arms for every split (the consistency and monotonicity principles of Wang and Ba, arXiv
    2310.16294). With i = model 0's k-th item, j = model 1's k-th item, p1 = 1 - p0 and π the
    returned number,

        E[rank of i | arm 0] = k - p1 [rank1(i) < k] + p1 (1 - π)
        E[rank of j | arm 1] = k - p0 [rank0(j) < k] + p0 π,

    because i frees the slot above that it would take in the other arm. Equality asks for π = 0 when
    only i moves up by changing arm, 1 when only j does, p0 when both do and p1 when neither does;
    the common expectation is then k, k, k - p0 p1 and k + p0 p1, so it increases with k.

    Args:
        rank0: rank of every item under model 0 (control), int[n], a permutation of 0..n-1.
        rank1: rank of every item under model 1 (treatment), int[n].
        p0: probability that an item is in arm 0.
        rule: `consistent` or `equal`.

    Returns:
        float64[n], one probability a slot.

    Raises:
        AnalysisError: ranks are no permutations, p0 outside (0, 1), or an unknown rule.
    """
    r0, r1 = _permutations(rank0, rank1)
    check_share(p0, "p0")
    if rule == "equal":
        return np.full(r0.size, 0.5)
    if rule != "consistent":
        raise AnalysisError(f"unknown merge rule {rule!r}; allowed: 'consistent', 'equal'")
    slot = np.arange(r0.size)
    up0 = r1[np.argsort(r0)] < slot
    up1 = r0[np.argsort(r1)] < slot
    same = np.where(up0, p0, 1.0 - p0)
    return np.where(up0 == up1, same, np.where(up0, 0.0, 1.0))


def merge(
    rank0: ArrayLike,
    rank1: ArrayLike,
    assignment: ArrayLike,
    p0: float,
    rule: MergeRule,
    rng: np.random.Generator,
) -> Ints:
    """Merge two rankings by each item's own rank, breaking ties at random by a rule.

    Args:
        rank0: rank of every item under model 0 (control), int[n], a permutation of 0..n-1.
        rank1: rank of every item under model 1 (treatment), int[n].
        assignment: arm of every item, int[n] of 0 and 1.
        p0: probability with which items were put into arm 0.
        rule: `consistent` or `equal`; see `tie_probability`.
        rng: generator; n numbers are drawn whatever the ties.

    Returns:
        Final rank of every item, int64[n].

    Raises:
        AnalysisError: ranks are no permutations, arms other than 0 and 1, or an unknown rule.
    """
    r0, r1 = _permutations(rank0, rank1)
    arm = np.asarray(assignment, np.int64)
    if arm.shape != r0.shape or np.any((arm != 0) & (arm != 1)):
        raise AnalysisError("assignment must hold one arm, 0 or 1, for every item")
    first0 = rng.random(r0.size) < tie_probability(r0, r1, p0, rule)
    return _merged(r0, r1, arm, first0)


def enumerate_merge(
    rank0: ArrayLike, rank1: ArrayLike, p0: float, rule: MergeRule = "consistent"
) -> Floats:
    """Return the exact distribution of final ranks over all splits and all tie-breaks.

    Args:
        rank0: rank of every item under model 0, int[n] with n at most 8.
        rank1: rank of every item under model 1, int[n].
        p0: probability that an item is in arm 0, independently of the others.
        rule: `consistent` or `equal`.

    Returns:
        float64[2, n, n]: probability that the item (second axis) ends at the rank (last axis),
        given the item's arm (first axis). Times an attention curve over ranks, it gives exact
        exposures.

    Raises:
        AnalysisError: more than 8 items, or any error of `merge`.
    """
    r0, r1 = _permutations(rank0, rank1)
    n = r0.size
    if n > MAX_ENUMERATED:
        raise AnalysisError(f"exact enumeration takes at most {MAX_ENUMERATED} items (got {n})")
    pi = tie_probability(r0, r1, p0, rule)
    out, items = np.zeros((2, n, n)), np.arange(n)
    for bits in product((0, 1), repeat=n):
        arm = np.array(bits, np.int64)
        p_split = float(np.where(arm == 0, p0, 1.0 - p0).prod())
        for first0, p_ties in _tie_breaks(r0, r1, arm, pi):
            out[arm, items, _merged(r0, r1, arm, first0)] += p_split * p_ties
    out /= np.array([p0, 1.0 - p0])[:, None, None]
    return out


def _permutations(rank0: ArrayLike, rank1: ArrayLike) -> tuple[Ints, Ints]:
    r0, r1 = np.asarray(rank0), np.asarray(rank1)
    expected = np.arange(r0.size)
    for name, rank in (("rank0", r0), ("rank1", r1)):
        if rank.ndim != 1 or rank.size != r0.size or not np.array_equal(np.sort(rank), expected):
            raise AnalysisError(f"{name} must be a permutation of 0..n-1, one rank a item")
    return r0.astype(np.int64), r1.astype(np.int64)


def _merged(r0: Ints, r1: Ints, arm: Ints, first0: NDArray[np.bool_]) -> Ints:
    own = np.where(arm == 1, r1, r0)
    second = first0[own] == (arm == 1)
    final = np.empty(own.size, np.int64)
    final[np.argsort(2 * own + second, kind="stable")] = np.arange(own.size)
    return final


def _tie_breaks(r0: Ints, r1: Ints, arm: Ints, pi: Floats) -> list[tuple[NDArray[np.bool_], float]]:
    own = np.where(arm == 1, r1, r0)
    disputed = np.flatnonzero(np.bincount(own, minlength=own.size) == 2)
    found = []
    for choice in product((True, False), repeat=disputed.size):
        picked = np.array(choice, np.bool_)
        probability = float(np.where(picked, pi[disputed], 1.0 - pi[disputed]).prod())
        if probability > 0.0:
            first0 = np.zeros(own.size, np.bool_)
            first0[disputed] = picked
            found.append((first0, probability))
    return found
