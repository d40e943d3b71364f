"""Merging inside a run: the compiled merge is the one that the estimators define."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.engine.interleaving_kernels import merge_rankings, ranking, settle, unite
from simulator.experiments.estimators import merge

two_rankings = st.integers(2, 12).flatmap(
    lambda n: st.tuples(st.permutations(range(n)), st.permutations(range(n)))
)


class Drawn:
    """A generator that returns numbers drawn before."""

    def __init__(self, numbers):
        self.numbers = numbers

    def random(self, n):
        return self.numbers[:n]


def order_of(rank):
    return np.argsort(rank).astype(np.int16)[None, :]


@settings(max_examples=150, deadline=None)
@given(
    ranks=two_rankings, p0=st.floats(0.05, 0.95), seed=st.integers(0, 999),
    rule=st.sampled_from(["consistent", "equal"]),
)  # fmt: skip
def test_the_compiled_merge_is_the_defined_one(ranks, p0, seed, rule):
    rng = np.random.default_rng(seed)
    n = len(ranks[0])
    arm, numbers = rng.integers(0, 2, n), rng.random(n)
    expected = merge(*ranks, arm, p0, rule, Drawn(numbers))
    out = np.empty((1, n), np.int16)
    merge_rankings(
        order_of(ranks[0]), order_of(ranks[1]), np.array([n], np.int32), (arm == 1)[None, :], p0,
        rule == "consistent", numbers[None, :], out,
    )  # fmt: skip
    np.testing.assert_array_equal(expected[out[0]], np.arange(n))


def kept(*rows, width=4):
    out = np.full((len(rows), width), -1, np.int16)
    for b, row in enumerate(rows):
        out[b, : len(row)] = row
    return out, np.array([len(row) for row in rows], np.int32)


def test_what_both_kept_is_joined_once():
    first, n_first = kept([5, 2], [])
    second, n_second = kept([2, 7, 5], [1])
    out, n = np.empty((2, 8), np.int16), np.empty(2, np.int32)
    at_first, at_second = np.empty((2, 4), np.int16), np.empty((2, 4), np.int16)
    unite(first, n_first, second, n_second, 9, out, n, at_first, at_second)
    assert n.tolist() == [3, 1]
    assert out[0].tolist() == [5, 2, 7, -1, -1, -1, -1, -1]
    assert at_first[0].tolist() == [0, 1, -1, -1]
    assert at_second[0].tolist() == [1, 2, 0, -1]
    assert at_second[1].tolist() == [0, -1, -1, -1]


def test_a_ranking_is_the_slate_then_what_was_kept_then_the_rest():
    columns, n_kept = kept([3, 1, 0])
    slate = np.array([[2, 0]], np.int16)
    out = np.empty((1, 6), np.int16)
    ranking(slate, columns, n_kept, np.array([5], np.int32), out)
    assert out[0].tolist() == [0, 3, 1, 2, 4, -1]


def test_placements_are_charged_to_the_policies_of_the_arm():
    """Two policies support both notes; the first acts on one, the second on the other."""
    remaining = np.array([[1, 5], [5, 5]], np.int32)
    rank = np.array([[2.0, 2.0], [4.0, 4.0]], np.float32)
    shape = (2, 2)
    notes, final = np.empty(shape, np.int32), np.empty(shape, np.float32)
    granted = np.empty(shape, np.uint8)
    settle(
        np.array([[0, 1], [0, -1]], np.int16), np.array([[3, 4], [3, 4]], np.int32),
        np.ones((2, 2), np.float32), np.array([[1, 2], [1, 2]], np.uint8),
        np.array([-1, -1, -1, 0, 1], np.int32), rank, np.zeros_like(rank), remaining, notes, final,
        granted,
    )  # fmt: skip
    assert notes.tolist() == [[3, 4], [3, -1]]
    assert final.tolist() == [[2.0, 4.0], [1.0, 0.0]]
    assert granted.tolist() == [[1, 2], [0, 0]]
    assert remaining.tolist() == [[0, 5], [5, 4]]
