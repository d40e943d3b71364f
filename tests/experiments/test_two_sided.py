"""Estimators on a 2×2 table: by hand, and where they must agree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.experiments.errors import AnalysisError
from simulator.experiments.estimators import allocation_rule, cr, lr, smrd, tsri, tsrn

Q = np.array([[10.0, 20.0], [30.0, 60.0]])
share = st.floats(0.05, 0.95)
table = st.lists(st.floats(0, 1e3), min_size=4, max_size=4).map(lambda x: np.reshape(x, (2, 2)))


def test_by_hand():
    assert cr(Q, 0.5) == pytest.approx(90 / 0.5 - 30 / 0.5)
    assert lr(Q, 0.25) == pytest.approx(80 / 0.25 - 40 / 0.75)
    assert tsrn(Q, 0.5, 0.5) == pytest.approx(60 / 0.25 - 60 / 0.75)
    y = Q / 0.25
    by_hand = 0.3 * (y[1, 1] - y[0, 1]) + 0.7 * (y[1, 1] - y[1, 0])
    by_hand += 2 * 0.21 * (y[0, 1] + y[1, 0] - 2 * y[0, 0])
    assert tsri(Q, 0.5, 0.5, k=2, b=0.3) == pytest.approx(by_hand)


def test_replicates_go_through_leading_axes():
    stack = np.stack([Q, 2 * Q, Q.T])
    np.testing.assert_allclose(cr(stack, 0.4), [cr(q, 0.4) for q in stack])


@given(a_c=share, a_l=share, k=st.sampled_from([0, 1, 2]), b=st.floats(0, 1), rate=st.floats(0, 9))
def test_no_effect_reads_zero(a_c, a_l, k, b, rate):
    q = rate * np.outer([1 - a_c, a_c], [1 - a_l, a_l])
    for value in (cr(q, a_c), lr(q, a_l), tsrn(q, a_c, a_l), tsri(q, a_c, a_l, k, b)):
        assert value == pytest.approx(0.0, abs=1e-8)


@given(q=table, a_c=share, a_l=share)
def test_contrasts_add_up(q, a_c, a_l):
    parts = smrd(q, a_c, a_l)
    total = parts.user_spillover + parts.item_spillover + parts.direct
    assert parts.total == pytest.approx(total, abs=1e-6)


def test_the_allocation_becomes_one_sided_in_the_extremes():
    assert allocation_rule(1.0) == (0.5, 1.0)
    assert allocation_rule(0.0) == (1.0, 0.5)
    assert allocation_rule(0.5) == (0.75, 0.75)


@pytest.mark.parametrize(
    "call",
    [
        lambda: cr(Q, 0.0),
        lambda: lr(Q, 1.0),
        lambda: tsrn(Q[0], 0.5, 0.5),
        lambda: tsri(Q, 0.5, 0.5, 1, 1.5),
        lambda: allocation_rule(-0.1),
    ],
)
def test_refuses(call):
    with pytest.raises(AnalysisError):
        call()
