"""The plan of a day: who comes, how often, when."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.world.config import HOURLY_WEIGHTS
from simulator.world.diurnal import DiurnalCurve
from tests.world.driving import START_DAY, make_world

WEIGHTS = st.lists(st.just(0.0) | st.floats(1e-6, 1), min_size=24, max_size=24).filter(
    lambda w: sum(w) > 0.01
)


def test_plan_is_sorted_and_lies_in_its_day(world):
    plan = world.plan_sessions(0)
    start = -START_DAY * DAY_S
    assert (np.diff(plan.t) >= 0).all()
    assert plan.t[0] >= start
    assert plan.t[-1] < start + DAY_S
    assert (plan.t.dtype, plan.reader_idx.dtype, plan.session_no.dtype) == (
        np.float64,
        np.int32,
        np.int32,
    )


def test_sessions_of_a_reader_are_numbered_in_order_and_keep_apart(world):
    plan = world.plan_sessions(0)
    order = np.lexsort((plan.session_no, plan.reader_idx))
    same = np.diff(plan.reader_idx[order]) == 0
    gap = np.diff(plan.t[order])[same]
    assert (gap >= world.config.sessions.min_gap_s - 1e-6).all()
    assert (np.diff(plan.session_no[order])[same] == 1).all()
    first = np.r_[True, ~same]
    assert (plan.session_no[order][first] == 0).all()


@pytest.mark.statistical
def test_bands_of_activity():
    world = make_world(20_000, seed=1, backlog=False)
    days = [world.plan_sessions(day) for day in range(30)]
    came = np.zeros((30, 20_000), bool)
    for row, plan in zip(came, days, strict=True):
        row[plan.reader_idx] = True
    dau = came.sum(axis=1).mean()
    assert 0.33 <= dau / 20_000 <= 0.42
    assert 0.35 <= dau / came.any(axis=0).sum() <= 0.5
    assert 3 <= np.mean([plan.n for plan in days]) / dau <= 4


@pytest.mark.statistical
def test_session_starts_follow_the_curve():
    world = make_world(20_000, seed=2, backlog=False)
    hour = world.plan_sessions(0).t % DAY_S / HOUR_S
    found = np.histogram(hour, bins=24, range=(0, 24))[0] / hour.size
    np.testing.assert_allclose(found, HOURLY_WEIGHTS, atol=0.006)


def test_a_readers_plan_does_not_depend_on_others():
    world = make_world(500, seed=3, backlog=False)
    before = world.plan_sessions(1)
    world.readers.alive[:500:2] = 0
    after = world.plan_sessions(1)
    odd = before.reader_idx % 2 == 1
    assert (after.reader_idx == before.reader_idx[odd]).all()
    assert (after.t == before.t[odd]).all()
    assert (after.session_no == before.session_no[odd]).all()


def test_days_differ_and_repeat(world):
    plan, again, other = (world.plan_sessions(day) for day in (0, 0, 1))
    assert (plan.t == again.t).all()
    assert not np.array_equal(np.unique(plan.reader_idx), np.unique(other.reader_idx))


def test_day_numbers_are_absolute():
    early = make_world(200, backlog=False, start_day=-7).plan_sessions(0)
    late = make_world(200, backlog=False, start_day=0).plan_sessions(0)
    np.testing.assert_allclose(early.t - 7 * DAY_S, late.t, atol=1e-6)
    assert (early.reader_idx == late.reader_idx).all()


@given(WEIGHTS, st.lists(st.integers(0, 2**53 - 1), min_size=2, max_size=20))
def test_curve_inverts_its_shares(weights, u):
    curve = DiurnalCurve(tuple(weights))
    u = np.sort(u) / 2**53
    t = curve.times(u)
    assert (np.diff(t) >= 0).all()
    assert ((t >= 0) & (t < DAY_S)).all()
    shares = [curve.share_before(moment) for moment in t]
    np.testing.assert_allclose(shares, u, atol=1e-6)


def test_default_curve_peaks_in_the_evening():
    assert np.argmax(HOURLY_WEIGHTS) in (20, 21, 22)
    assert np.sum(HOURLY_WEIGHTS) == pytest.approx(1)
