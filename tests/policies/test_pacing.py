"""Delivery curves and rules of the boost, against the numbers of the slides they come from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.pacing import curve_boost, formula_boost, front_load, table_boost, theta_through

shares = st.floats(0, 1)
thetas = st.floats(0, 8)


def test_the_table_is_that_of_the_slides():
    hours, shown = np.array([3, 9, 15, 21]) / 24, np.array([10, 30, 60, 90]) / 100
    expected = [
        [1.0, 1.0, 1.0, 1.0],
        [1.1, 1.0, 1.0, 1.0],
        [1.2, 1.1, 1.0, 1.0],
        [1.3, 1.2, 1.1, 1.0],
    ]
    np.testing.assert_allclose(table_boost(hours[:, None], shown[None, :]), expected)


@pytest.mark.parametrize(("hour", "row"), [(0, 0), (5.99, 0), (6, 1), (17.99, 2), (18, 3), (24, 3)])
def test_rows_of_the_table_begin_at_whole_quarters(hour, row):
    assert table_boost(hour / 24, 0.0) == pytest.approx(1 + 0.1 * row)


@given(t=shares, x=st.floats(0, 3), step=st.floats(0, 2), cells=st.integers(1, 12))
def test_any_table_stays_within_its_corners(t, x, step, cells):
    boost = table_boost(t, x, step, cells)
    assert 1 <= boost <= 1 + step * (cells - 1) + 1e-12


def test_the_formula_by_hand():
    assert formula_boost(0, 0, 3, 1, 1) == 3
    assert formula_boost(0.25, 0.1, 2, 4, 10) == pytest.approx(2 / np.sqrt(3))
    assert formula_boost(1, 1, 2, 9, 9) == 1


@given(t=shares, x=shares, alpha=st.floats(0.1, 20), beta=st.floats(0, 9), gamma=st.floats(0, 9))
def test_the_formula_decays_and_never_pushes_down(t, x, alpha, beta, gamma):
    boost = formula_boost(t, x, alpha, beta, gamma)
    assert 1 <= boost <= max(alpha, 1)
    assert formula_boost(t, min(1, x + 0.1), alpha, beta, gamma) <= boost
    assert formula_boost(min(1, t + 0.1), x, alpha, beta, gamma) <= boost


@given(theta=thetas)
def test_the_delivery_curve_solves_its_equation(theta):
    t = np.linspace(0.01, 0.95, 60)
    step = 1e-6
    slope = (front_load(t + step, theta) - front_load(t - step, theta)) / (2 * step)
    due = front_load(t, theta)
    np.testing.assert_allclose(
        slope, (1 + theta * (1 - t)) * (1 - due) / (1 - t), rtol=1e-4, atol=1e-6
    )


@given(theta=thetas, t=shares)
def test_it_runs_from_0_to_1_and_never_behind_the_uniform_one(theta, t):
    assert front_load(0, theta) == 0
    assert front_load(1, theta) == 1
    assert front_load(t, theta) >= t - 1e-12
    assert front_load(t, theta + 1) >= front_load(t, theta) - 1e-12
    assert front_load(t, 0) == pytest.approx(t)


def test_its_first_slope_is_one_more_than_theta():
    for theta in (0.0, 0.5, 2.0):
        assert front_load(1e-7, theta) / 1e-7 == pytest.approx(1 + theta, rel=1e-5)


def test_outside_of_the_window_the_curve_stands_still():
    assert front_load(-0.5, 2) == 0
    assert front_load(1.7, 2) == 1


@pytest.mark.parametrize(("t0", "theta_a_day"), [(1.0, np.log(4 / 3)), (0.5, 2 * np.log(5 / 3))])
def test_the_second_stage_of_the_slides(t0, theta_a_day):
    """100 by 24 h, then 200 by 72 h, with the first stage over at 24 h or met at 12 h."""
    theta = theta_through(t0 / 3, 0.5)
    assert theta == pytest.approx(3 * theta_a_day)
    days = np.linspace(t0, 3, 9)
    expected = 2 - (2 - 2 * days / 3) * np.exp(-theta_a_day * days)
    np.testing.assert_allclose(2 * front_load(days / 3, theta), expected)


@given(t0=st.floats(0.05, 0.95), ahead=st.floats(0.02, 0.95))
def test_a_later_stage_passes_through_its_start_and_its_end(t0, ahead):
    y0 = min(t0 + ahead * (1 - t0), 0.999)
    theta = theta_through(t0, y0)
    if theta < 20:
        assert front_load(t0, theta) == pytest.approx(y0, abs=1e-9)
    assert front_load(1, theta) == 1


def test_a_stage_met_right_after_birth_has_a_finite_curve():
    assert theta_through(0.0, 0.5) == 20
    assert np.isfinite(theta_through(1.0, 1.0))


@given(lag=st.floats(-2, 2), more=st.floats(0, 2), alpha=st.floats(0.1, 10), gain=st.floats(0, 50))
def test_a_larger_lag_never_gets_less_boost(lag, more, alpha, gain):
    assert 1 <= curve_boost(lag, alpha, gain) <= curve_boost(lag + more, alpha, gain)
    assert np.isfinite(curve_boost(lag + more, alpha, gain))
