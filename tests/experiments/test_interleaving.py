"""Merging two rankings: exact expectations by enumeration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.experiments.errors import AnalysisError
from simulator.experiments.estimators import enumerate_merge, merge, tie_probability

two_rankings = st.integers(2, 6).flatmap(
    lambda n: st.tuples(st.permutations(range(n)), st.permutations(range(n)))
)
JUMP = ([0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 0])
"""The last item jumps to the top, every other one moves down by one."""


def expected_by_slot(rank0, rank1, p0, rule):
    """Return E[final rank | own rank] for each arm, float[2, n]."""
    mean = enumerate_merge(rank0, rank1, p0, rule) @ np.arange(len(rank0))
    return mean[0][np.argsort(rank0)], mean[1][np.argsort(rank1)]


@settings(max_examples=60, deadline=None)
@given(ranks=two_rankings, p0=st.floats(0.05, 0.95))
def test_consistent_and_monotone_for_any_split(ranks, p0):
    slot0, slot1 = expected_by_slot(*ranks, p0, "consistent")
    np.testing.assert_allclose(slot0, slot1, atol=1e-9)
    assert np.all(np.diff(slot0) > 0)
    assert np.all(np.abs(slot0 - np.arange(slot0.size)) <= 0.25 + 1e-9)


def test_equal_probabilities_are_not_consistent():
    slot0, slot1 = expected_by_slot(*JUMP, 0.5, "equal")
    assert np.abs(slot0 - slot1).max() == pytest.approx(0.5)


@settings(max_examples=30, deadline=None)
@given(ranks=two_rankings, p0=st.floats(0.05, 0.95), rule=st.sampled_from(["consistent", "equal"]))
def test_the_enumeration_is_a_distribution(ranks, p0, rule):
    found = enumerate_merge(*ranks, p0, rule)
    np.testing.assert_allclose(found.sum(axis=2), 1.0)
    np.testing.assert_allclose((p0 * found[0] + (1 - p0) * found[1]).sum(axis=0), 1.0)


@given(ranks=two_rankings, p0=st.floats(0.05, 0.95), seed=st.integers(0, 99))
def test_the_merge_keeps_own_order(ranks, p0, seed):
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 2, len(ranks[0]))
    final = merge(*ranks, arm, p0, "consistent", rng)
    assert sorted(final) == list(range(arm.size))
    own = np.where(arm == 1, ranks[1], ranks[0])
    assert np.all(np.diff(own[np.argsort(final)]) >= 0)


def test_identical_models_leave_the_ranking_alone():
    rank = np.array([2, 0, 1, 3])
    rng = np.random.default_rng(0)
    for arm in ([0, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]):
        assert merge(rank, rank, arm, 0.5, "equal", rng).tolist() == rank.tolist()


def test_simulation_agrees_with_the_enumeration():
    rng = np.random.default_rng(1)
    rank0, rank1, p0 = np.array([0, 1, 2, 3]), np.array([2, 3, 1, 0]), 0.3
    total, count = np.zeros((2, 4)), np.zeros((2, 4))
    for _ in range(6_000):
        arm = (rng.random(4) >= p0).astype(int)
        total[arm, range(4)] += merge(rank0, rank1, arm, p0, "consistent", rng)
        count[arm, range(4)] += 1
    exact = enumerate_merge(rank0, rank1, p0) @ np.arange(4)
    assert np.abs(total / count - exact).max() < 0.1


def test_displaced_items_are_read_whole_where_equal_ties_read_half():
    """Items between the ends move down by exactly one."""
    shift = {}
    for rule in ("consistent", "equal"):
        mean = enumerate_merge(*JUMP, 0.5, rule) @ np.arange(6)
        shift[rule] = mean[1] - mean[0]
    np.testing.assert_allclose(shift["consistent"][1:4], 1.0)
    np.testing.assert_allclose(shift["equal"][1:4], 0.5)
    assert shift["consistent"][5] == pytest.approx(-5, rel=0.11)


@pytest.mark.parametrize("p0", [0.5, 0.9])
def test_exposure_of_displaced_items_is_nearer_the_truth(p0):
    attention = 1.0 / np.log2(np.arange(6) + 2)
    truth = attention[JUMP[1]] - attention[JUMP[0]]
    error = {}
    for rule in ("consistent", "equal"):
        exposure = enumerate_merge(*JUMP, p0, rule) @ attention
        error[rule] = abs((exposure[1] - exposure[0] - truth)[1:5].sum())
    assert error["consistent"] < error["equal"] / 2


@pytest.mark.parametrize(
    "call",
    [
        lambda: tie_probability([0, 0], [0, 1], 0.5),
        lambda: tie_probability([0, 1], [1, 0], 1.0),
        lambda: tie_probability([0, 1], [1, 0], 0.5, "first"),
        lambda: merge([0, 1], [1, 0], [0, 2], 0.5, "equal", np.random.default_rng(0)),
        lambda: enumerate_merge(range(9), range(9), 0.5),
    ],
)
def test_refuses(call):
    with pytest.raises(AnalysisError):
        call()
