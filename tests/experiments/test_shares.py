"""The share market: closed forms against an allocation done note by note."""

import numpy as np
import pytest

from simulator.experiments.errors import AnalysisError
from simulator.experiments.validation import PLANS, ShareMarket, share_market

M = ShareMarket(n_new=100, n_old=700, old_weight=1.3, boost0=1, boost1=2, impressions=9_000)


def allot(weights, impressions):
    """Split impressions in proportion to weights."""
    return impressions * weights / weights.sum()


def notes(new_weights, n_old=700):
    """Return the weights of new notes followed by old notes."""
    return np.concatenate([new_weights, np.full(n_old, M.old_weight)])


def test_the_truth():
    reading = share_market("plan3", M).per_note
    for level, boost in ((reading.truth_control, 1.0), (reading.truth_treatment, 2.0)):
        assert level == pytest.approx(allot(notes(np.full(100, boost)), 9_000)[0])


def test_plan1_note_by_note():
    treated = np.arange(100) < 50
    got = allot(notes(np.where(treated, 2.0, 1.0)), 9_000)
    reading = share_market("plan1", M).per_note
    assert reading.treatment == pytest.approx(got[0])
    assert reading.control == pytest.approx(got[99])
    assert reading.absolute > reading.truth_absolute


def test_plan2_note_by_note():
    treated, control = (allot(notes(np.full(50, b)), 4_500) for b in (2.0, 1.0))
    readings = share_market("plan2", M)
    assert readings.per_note.treatment == pytest.approx(treated[0])
    assert readings.per_note.control == pytest.approx(control[0])
    assert readings.new_share.treatment == pytest.approx(treated[:50].sum() / 4_500)


def test_plan4_note_by_note():
    treated = allot(notes(np.full(75, 2.0)), 4_500)
    readings = share_market("plan4", M)
    assert readings.per_note.treatment == pytest.approx(treated[0])
    assert readings.per_note_scaled.treatment == pytest.approx(2 * treated[0])


def test_plan2_is_low_in_absolute_and_high_in_relative_terms():
    for reading in (share_market("plan2", M).new_share, share_market("plan2", M).per_note):
        assert reading.absolute < reading.truth_absolute
        assert reading.relative > reading.truth_relative


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        ("plan3", "per_note"),
        ("plan3", "new_share"),
        ("plan2_thick", "per_note"),
        ("plan2_thick", "new_share"),
        ("user_side", "new_share"),
        ("user_side", "per_note_scaled"),
        ("quota_split", "new_share"),
        ("quota_split", "per_note_scaled"),
    ],
)
def test_unbiased_plans(plan, field):
    reading = getattr(share_market(plan, M), field)
    assert reading.absolute == pytest.approx(reading.truth_absolute)
    assert reading.relative == pytest.approx(reading.truth_relative)


def test_a_quota_filled_by_treated_readers_is_inflated_by_their_share():
    market = ShareMarket(user_share=0.2, quota1=20)
    reading = share_market("user_side_quota", market).new_share
    assert reading.absolute == pytest.approx(reading.truth_absolute / 0.2)


def test_no_change_reads_no_effect():
    same = ShareMarket(boost1=1.0, quota1=0.0)
    for plan in PLANS:
        assert share_market(plan, same).new_share.absolute == pytest.approx(0.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: share_market("plan5", M),
        lambda: ShareMarket(n_new=0),
        lambda: ShareMarket(user_share=1.0),
        lambda: share_market("quota_split", ShareMarket(quota1=1e6)),
    ],
)
def test_refuses(call):
    with pytest.raises(AnalysisError):
        call()
