import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.metrics.auc import auc_by_group


def direct(level, click):
    """Compare every clicked impression with every other one."""
    won = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a, x in zip(level, click, strict=True)
        for b, y in zip(level, click, strict=True)
        if x and not y
    ]
    return np.mean(won) if won else np.nan


def ints(values):
    return np.array(values, np.int64)


def test_a_hand_computed_case():
    # Clicked at levels 3 and 1, not clicked at 2, 1, 0: pairs won 3 + (0 + 0.5 + 1) of 6.
    found = auc_by_group(ints([0] * 5), ints([3, 1, 2, 1, 0]), ints([1] * 5), ints([1, 1, 0, 0, 0]))
    assert found.auc.tolist() == [4.5 / 6]
    assert found.n.tolist() == [5]


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans()), min_size=1, max_size=40
    )
)
def test_agrees_with_all_pairs_in_every_group(rows):
    group, level, click = (ints(column) for column in zip(*rows, strict=True))
    found = auc_by_group(group, level, np.ones_like(group), click)
    assert found.group.tolist() == sorted(set(group.tolist()))
    for g, auc, n in zip(*found, strict=True):
        rows_of = group == g
        assert n == rows_of.sum()
        assert auc == pytest.approx(direct(level[rows_of], click[rows_of]), nan_ok=True)


def test_counted_rows_equal_single_rows():
    single = auc_by_group(
        ints([1] * 6), ints([5, 5, 5, 2, 2, 9]), ints([1] * 6), ints([1, 0, 0, 1, 0, 1])
    )
    counted = auc_by_group(ints([1] * 3), ints([9, 5, 2]), ints([1, 3, 2]), ints([1, 1, 1]))
    assert counted.auc.tolist() == single.auc.tolist()


def test_no_rows_no_groups():
    assert auc_by_group(*[ints([])] * 4).auc.size == 0
