"""The PID controller: each option does what it is for, and the loop follows its curve."""

import numpy as np
import pytest

from policies.pid import Pid, PidConfig
from policies.pid_tuning import Gains, StepResponse, fit_step, simc
from simulator.contracts.events import HOUR_S
from tests.policies.plant import Plant, by_night, flat

PLAIN = {"day_clock": False, "tolerance": 0.0, "discount": 0.0, "freeze_below": 0.0, "theta": 0.0}


def controlled(n=6, rate_h=0.0, traffic=flat, **knobs):
    return Plant(Pid(PidConfig(**{**PLAIN, **knobs})), n, rate_h=rate_h, traffic=traffic)


def coefficient(plant):
    return plant.policy.promises["coefficient"].astype(float)


def test_the_proportional_part_by_hand():
    plant = controlled(kp=2, ki=0, kd=0, base=1.5, max_coefficient=100)
    plant.run(6)
    plant.given[:] = [0, 10, 25, 40, 99, 24]
    plant.step()
    lag = 0.25 - plant.given / 100
    lag += 0.0
    expected = np.maximum(1.5 * np.exp(2 * lag), 1.0)
    np.testing.assert_allclose(coefficient(plant), expected, rtol=1e-5)


def test_the_integral_sums_the_lag_over_hours():
    plant = controlled(kp=0, ki=1, kd=0, base=1, integral_limit=20, integrate_below=2)
    plant.run(12)
    hours = np.arange(0, 12, 300 / HOUR_S)
    total = (hours / 24 * 300 / HOUR_S).sum()
    np.testing.assert_allclose(np.log(coefficient(plant)), total, rtol=1e-3)


def test_the_integral_is_clamped_and_separated():
    clamped = controlled(kp=0, ki=5, base=1, integral_limit=0.7, integrate_below=2).run(20)
    np.testing.assert_allclose(np.log(coefficient(clamped)), 0.7, rtol=1e-3)
    apart = controlled(kp=0, ki=5, base=1, integrate_below=0.0, separate_above=0.1)
    apart.now = 3 * HOUR_S
    apart.run(10)
    np.testing.assert_allclose(coefficient(apart), 1.0)


def test_a_dead_note_does_not_wind_up():
    """Nothing moves it for 10 hours; once it is ahead, its coefficient falls within a step."""
    plant = controlled(kp=4, ki=2, base=2, max_coefficient=6, integral_limit=20, separate_above=2)
    plant.run(10)
    np.testing.assert_allclose(coefficient(plant), 6, rtol=1e-5)
    integral = plant.policy.columns["integral"]
    assert (integral < 1.5).all()
    plant.given[:] = 70
    plant.step()
    assert (coefficient(plant) < 2.5).all()


def test_within_the_tolerance_nothing_is_corrected():
    plant = controlled(kp=10, ki=10, base=3, tolerance=0.05)
    plant.run(3)
    plant.given[:] = np.round(100 * plant.now / (24 * HOUR_S)) + np.array([-4, -2, 0, 1, 2, 4])
    plant.policy.columns["integral"][:] = 0
    plant.policy.columns["lag"][:] = 0
    plant.step()
    np.testing.assert_allclose(coefficient(plant), 3, rtol=0.02)


def test_at_night_outputs_are_held():
    knobs = {"kp": 5, "ki": 5, "base": 2, "freeze_below": 0.35, "day_clock": True}
    plant = controlled(traffic=by_night, **knobs).run(24)
    held = controlled(3, traffic=by_night, **knobs)
    held.policy.promises.clock.load_state(plant.policy.promises.clock.state_arrays())
    held.now, held.published = 24.0 * HOUR_S, np.full(3, 20.0 * HOUR_S)
    held.served = plant.served
    held.step()
    before = coefficient(held)
    assert (before > 1).all()
    held.run(4)
    np.testing.assert_array_equal(coefficient(held), before)
    held.run(4)
    assert (coefficient(held) > before).all()


def test_the_derivative_damps():
    fast = controlled(kp=2, ki=0, kd=0, rate_h=0, base=4)
    damped = controlled(kp=2, ki=0, kd=0.5, rate_h=0, base=4)
    for plant in (fast, damped):
        plant.run(6)
        plant.step()
        plant.given[:] += 10
        plant.step()
    assert (coefficient(damped) < coefficient(fast)).all()


def test_the_integral_finds_the_level_that_a_fixed_boost_misses():
    """Notes of half the usual response: with the integral they arrive, without it they lag."""
    common = {"kp": 1.0, "base": 2.0, "max_coefficient": 50, "integrate_below": 1.0}
    lagging = controlled(20, rate_h=1.2, ki=0.0, **common).run(24)
    steered = controlled(20, rate_h=1.2, ki=1.0, integral_limit=5, **common).run(24)
    assert lagging.given.mean() < 80
    assert steered.given.mean() > 95


def test_a_step_response_is_recovered():
    hours = np.arange(0, 24.1, 0.5)
    control = 0.02 * hours
    treated = control + np.log(3) * 0.05 * np.maximum(hours - 1.5, 0)
    found = fit_step(hours, control, treated, float(np.log(3)))
    assert found.slope == pytest.approx(0.05)
    assert found.dead_time_h == 1.5


def test_a_noisy_step_response_is_recovered_roughly():
    rng = np.random.default_rng(4)
    hours = np.arange(0, 24.1, 0.5)
    ramp = 0.05 * np.maximum(hours - 2.0, 0)
    found = fit_step(hours, np.zeros(hours.size), ramp + rng.normal(0, 0.02, hours.size), 1.0)
    assert found.slope == pytest.approx(0.05, rel=0.05)
    assert found.dead_time_h == pytest.approx(2.0, abs=0.6)


def test_simc_by_hand():
    assert simc(StepResponse(0.05, 1.0), 4.0) == Gains(kp=pytest.approx(4), ki=pytest.approx(0.2))


@pytest.mark.parametrize("closed_loop_h", [1.0, 2.0, 4.0])
def test_tuned_gains_settle_without_much_overshoot(closed_loop_h):
    """An integrating process with dead time, set 0.3 off: it comes back, and stays."""
    response = StepResponse(slope=0.05, dead_time_h=0.5)
    gains = simc(response, closed_loop_h)
    step_h, x, integral = 1 / 12, -0.3, 0.0
    delayed = [0.0] * round(response.dead_time_h / step_h)
    path = []
    for _ in range(int(60 / step_h)):
        integral += gains.ki * -x * step_h
        delayed.append(gains.kp * -x + integral)
        x += response.slope * delayed.pop(0) * step_h
        path.append(x)
    assert max(path) < 0.3 * 0.4
    assert abs(path[-1]) < 0.01


def test_what_gives_no_gains_is_refused():
    hours = np.array([0.0, 1.0])
    with pytest.raises(ValueError, match="3 ages or more"):
        fit_step(hours, hours, hours, 1.0)
    with pytest.raises(ValueError, match="a step above 0"):
        fit_step(np.arange(4.0), np.arange(4.0), np.arange(4.0), 0.0)
    with pytest.raises(ValueError, match="rises with the coefficient"):
        simc(StepResponse(0.0, 1.0), 2.0)
