"""The clock of traffic: what it counts, what it says of the day, and that it forgets slowly."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.day_clock import DayClock
from simulator.contracts.events import DAY_S, HOUR_S, Kind
from simulator.world.config import HOURLY_WEIGHTS
from tests.support.platform import freeze, make_view

VIEW = make_view(10, 40, seed=1)
SHARES = np.array(HOURLY_WEIGHTS) / np.sum(HOURLY_WEIGHTS)


def seen_at(now, shown):
    totals = np.zeros_like(VIEW.creators.totals)
    totals[:, Kind.IMPRESSION] = np.float32(shown / VIEW.creators.n)
    return dataclasses.replace(
        VIEW, now=now, creators=freeze(dataclasses.replace(VIEW.creators, totals=totals))
    )


def watched(days, shares=SHARES, per_day=24_000.0, step_s=300, **options):
    """A clock that has counted a rhythm of impressions for some days."""
    clock = DayClock(**options)
    shown = 0.0
    for now in range(0, int(days * DAY_S) + 1, step_s):
        clock.observe(seen_at(now, shown))
        hour = now % DAY_S // HOUR_S
        shown += per_day * shares[hour] * step_s / HOUR_S
    return clock


@pytest.fixture(scope="module")
def clock():
    return watched(4)


def between(clock, start_h, end_h):
    a, b = clock.exposure_days(np.array([start_h, end_h]) * HOUR_S)
    return b - a


def test_night_and_evening_are_as_in_the_course_notes(clock):
    """9 % of a day's impressions come before 06:00, 32 % between 20:00 and 03:20."""
    assert between(clock, 0, 6) == pytest.approx(0.09, abs=0.03)
    assert between(clock, 20, 27 + 1 / 3) == pytest.approx(0.32, abs=0.03)


def test_it_finds_the_rhythm_that_was_counted(clock):
    for hour in range(24):
        assert between(clock, hour, hour + 1) == pytest.approx(SHARES[hour], abs=0.003)
        assert clock.density((hour + 0.5) * HOUR_S) == pytest.approx(24 * SHARES[hour], abs=0.07)


@given(t=st.floats(0, 60 * DAY_S), more=st.floats(0, 5 * DAY_S))
def test_a_day_is_a_day_and_time_never_runs_back(t, more):
    clock = watched(0.4, step_s=3_600)
    assert clock.exposure_days(t + DAY_S) == pytest.approx(clock.exposure_days(t) + 1)
    assert clock.exposure_days(t + more) >= clock.exposure_days(t) - 1e-9
    assert clock.exposure_days(float(DAY_S)) == 1


def test_the_share_of_a_window_that_has_passed(clock):
    midnight = 30 * DAY_S
    plain = DayClock(is_on=False)
    end = midnight + DAY_S
    assert plain.elapsed(midnight, end, midnight + 6 * HOUR_S) == 0.25
    passed = clock.elapsed(midnight, end, midnight + 6 * HOUR_S)
    assert passed == pytest.approx(SHARES[:6].sum(), abs=0.003)
    evening = midnight + 20 * HOUR_S
    assert clock.elapsed(evening, evening + DAY_S, evening + DAY_S) == pytest.approx(1)
    short = clock.elapsed(midnight, midnight + 6 * HOUR_S, midnight + 3 * HOUR_S)
    assert short == pytest.approx(SHARES[:3].sum() / SHARES[:6].sum(), abs=0.02)


def test_before_anything_is_counted_time_is_even():
    clock = DayClock()
    assert clock.exposure_days(6.0 * HOUR_S) == pytest.approx(0.25)
    assert clock.density(0.0) == pytest.approx(1)
    assert clock.impressions_per_day == clock.forecast(0, DAY_S) == 0
    assert clock.observe(seen_at(0.0, 500.0)) == 0
    assert clock.observe(seen_at(0.0, 500.0)) == 0


def test_it_forecasts_what_it_has_counted(clock):
    assert clock.impressions_per_day == pytest.approx(24_000, rel=0.02)
    evening = 50 * DAY_S + 20 * HOUR_S
    assert clock.forecast(evening, evening + HOUR_S) == pytest.approx(24_000 * SHARES[20], rel=0.05)


def test_it_says_how_much_was_served():
    clock = DayClock()
    clock.observe(seen_at(0.0, 100.0))
    assert clock.observe(seen_at(300.0, 160.0)) == pytest.approx(60, abs=0.01)


def test_a_new_rhythm_replaces_the_old_one():
    clock = watched(3, memory_s=float(DAY_S))
    late = np.roll(SHARES, 6)
    shown = 0.0
    for now in range(3 * DAY_S, 9 * DAY_S, 600):
        clock.observe(seen_at(now, shown))
        shown += 24_000 * late[now % DAY_S // HOUR_S] / 6
    assert between(clock, 0, 6) == pytest.approx(late[:6].sum(), abs=0.02)


def test_long_pauses_do_not_break_it():
    clock = DayClock()
    clock.observe(seen_at(0.0, 0.0))
    clock.observe(seen_at(5.5 * DAY_S, 5_500.0))
    assert clock.impressions_per_day == pytest.approx(1_000, rel=1e-3)
    assert between(clock, 0, 6) == pytest.approx(0.25)


def test_its_state_is_all_it_knows(clock):
    copy, other = DayClock(), DayClock()
    copy.load_state(clock.state_arrays())
    other.load_state(clock.state_arrays())
    t = np.linspace(0, 3 * DAY_S, 50)
    np.testing.assert_array_equal(copy.exposure_days(t), clock.exposure_days(t))
    view = seen_at(4.1 * DAY_S, 1e6)
    assert copy.observe(view) == other.observe(view)
    np.testing.assert_array_equal(copy.exposure_days(t), other.exposure_days(t))
