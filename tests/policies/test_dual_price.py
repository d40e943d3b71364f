"""Dual prices: ascent by the lag, a common price of the budget, and order kept among pairs."""

import numpy as np
import pytest

from policies.dual_price import DualPrice, DualPriceConfig
from simulator.contracts.events import HOUR_S
from tests.policies.plant import Plant

PLAIN = {"day_clock": False, "theta": 0.0, "budget_share": None}


def priced(n=6, rate_h=0.0, **knobs):
    return Plant(DualPrice(DualPriceConfig(**{**PLAIN, **knobs})), n, rate_h=rate_h)


def test_a_price_is_the_sum_of_what_the_note_was_behind():
    plant = priced(eta=0.2, max_price=10, start_share=0)
    plant.run(6)
    hours = np.arange(0, 6, 300 / HOUR_S)
    expected = 0.2 * (hours / 24).sum() * 300 / HOUR_S
    np.testing.assert_allclose(plant.policy.columns["price"], expected, rtol=1e-6)
    support = plant.policy.support(plant.view)
    np.testing.assert_allclose(support.price, expected, rtol=1e-5)
    assert (support.rank == 1).all()


def test_a_note_ahead_of_schedule_has_no_price():
    plant = priced(eta=0.2, start_share=0)
    plant.run(4)
    plant.given[:3] = 90
    plant.run(6)
    support = plant.policy.support(plant.view)
    assert (support.price[:3] == 0).all()
    assert (support.pre_rank[:3] == 1).all()
    assert (support.price[3:] > 0).all()


def test_prices_and_pre_rank_coefficients_end_at_their_bounds():
    plant = priced(eta=50, max_price=0.3, pre_rank_coefficient=7.0).run(8)
    support = plant.policy.support(plant.view)
    np.testing.assert_allclose(support.price, 0.3, rtol=1e-6)
    np.testing.assert_allclose(support.pre_rank, 7.0, rtol=1e-5)


def test_a_new_note_starts_at_a_share_of_the_usual_price():
    plant = priced(8, eta=0.2, start_share=0.5)
    plant.published = np.array([0.0] * 4 + [6.0 * HOUR_S] * 4)
    plant.run(6)
    before = plant.policy.columns["price"][:4].mean()
    support = plant.policy.support(plant.view)
    np.testing.assert_allclose(support.price[4:], 0.5 * before, rtol=1e-5)


def test_prices_bring_slow_notes_home():
    without = Plant(DualPrice(DualPriceConfig(**PLAIN, eta=0)), 20, rate_h=2.0).run(24)
    steered = priced(20, rate_h=2.0, eta=0.5, max_price=1.0).run(24)
    assert without.given.mean() < 55
    assert steered.given.mean() > 90


def test_the_budget_lowers_all_prices_alike():
    """20 notes of 2,000 impressions an hour: a tight budget takes a part of what is paid."""
    share = 0.005
    free = priced(20, rate_h=2.0, eta=0.5)
    tight = priced(20, rate_h=2.0, eta=0.5, budget_share=share, budget_eta=0.5)
    for plant in (free, tight):
        plant.run(12)
    a = free.policy.support(free.view)
    prices = tight.policy.columns["price"]
    b = tight.policy.prices(np.arange(20))
    relief = prices - b
    assert tight.helped.sum() < free.helped.sum()
    assert relief.max() > 0
    positive = b > 0
    np.testing.assert_allclose(relief[positive], relief.max(), rtol=1e-9)
    assert a.price.mean() > b.mean()


def test_a_budget_that_is_not_used_costs_nothing():
    plant = priced(10, rate_h=1.0, eta=0.1, budget_share=0.9).run(6)
    np.testing.assert_array_equal(plant.policy.prices(np.arange(10)), plant.policy.columns["price"])


@pytest.mark.parametrize("name", ["price", "shown"])
def test_nothing_is_forgotten_of_notes_that_left(name):
    plant = priced(5, rate_h=3.0, eta=0.5).run(26)
    assert plant.policy.columns.n == 5
    assert np.isfinite(plant.policy.columns[name]).all()
