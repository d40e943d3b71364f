"""The validation market: limits of the paper, self-consistency, and the finite chain."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from simulator.experiments.errors import AnalysisError
from simulator.experiments.estimators import allocation_rule, cr, lr, tsri, tsrn
from simulator.experiments.validation import (
    Market,
    balance,
    gte,
    mean_field,
    per_listing,
    simulate_market,
)

ROWS = [(1.0, 1.0), (0.5, 1.0), (1.0, 0.5), (0.6, 0.7), (0.0, 0.0)]


def relative(value, market):
    """Return the estimate over the global effect, minus 1."""
    return value / gte(market) - 1


@pytest.mark.parametrize("lam", [0.1, 1.0, 10.0])
@pytest.mark.parametrize(("a_c", "a_l"), ROWS)
def test_self_consistent_with_the_flow(lam, a_c, a_l):
    """The rates are where the differential equation of the masses comes to rest."""
    market = Market(lam=lam, alpha=0.7)
    rho, phi = np.array([1 - a_l, a_l]), np.array([1 - a_c, a_c])
    v = market.alpha * market.weights()

    def flow(_, s):
        booked = market.lam * (phi / (market.epsilon + v @ s)) @ v * s
        return market.tau * (rho - s) - booked

    s = solve_ivp(flow, (0, 200), rho, rtol=1e-11, atol=1e-13, method="LSODA").y[:, -1]
    rates = market.lam * phi[:, None] * v * s / (market.epsilon + v @ s)[:, None]
    assert np.abs(rates - mean_field(market, a_c, a_l)).max() < 1e-6 * gte(market)


def test_agrees_with_the_convex_programme_of_the_paper():
    market = Market(lam=2.0, tau=1.5)
    rho, phi = np.array([0.5, 0.5]), np.array([0.5, 0.5])
    v = market.weights()

    def objective(y):
        demand = market.lam * (phi * np.log(market.epsilon + v @ np.exp(y))).sum()
        return demand - market.tau * (rho * y).sum() + market.tau * np.exp(y).sum()

    s = np.exp(minimize(objective, np.log(rho) - 1, method="BFGS", options={"gtol": 1e-10}).x)
    rates = market.lam * phi[:, None] * v * s / (market.epsilon + v @ s)[:, None]
    assert np.abs(rates - mean_field(market, 0.5, 0.5)).max() < 1e-4 * gte(market)


def test_user_side_is_unbiased_when_demand_is_scarce():
    bias = [relative(cr(mean_field(Market(lam=x), 0.5, 1), 0.5), Market(lam=x)) for x in (1, 1e-4)]
    assert bias[0] > 0.1
    assert abs(bias[1]) < 1e-4


def test_item_side_is_unbiased_when_supply_is_scarce():
    bias = [relative(lr(mean_field(Market(lam=x), 1, 0.5), 0.5), Market(lam=x)) for x in (1, 1e4)]
    assert bias[0] > 0.1
    assert abs(bias[1]) < 1e-4


@pytest.mark.parametrize("lam", [0.1, 1.0, 10.0])
def test_two_sided_corrections_have_less_bias(lam):
    market = Market(lam=lam)
    b = balance(market)
    a_c, a_l = allocation_rule(b)
    q = mean_field(market, a_c, a_l)
    one = abs(relative(tsri(q, a_c, a_l, 1, b), market))
    two = abs(relative(tsri(q, a_c, a_l, 2, b), market))
    user = abs(relative(cr(mean_field(market, 0.5, 1), 0.5), market))
    item = abs(relative(lr(mean_field(market, 1, 0.5), 0.5), market))
    assert two < one < max(user, item)
    assert one <= abs(relative(tsrn(q, a_c, a_l), market))


@pytest.mark.parametrize("lam", [1e-6, 1e4])
def test_the_naive_two_sided_estimator_has_no_bias_in_the_extremes(lam):
    market = Market(lam=lam)
    b = min(max(balance(market), 1e-12), 1 - 1e-12)
    a_c, a_l = allocation_rule(b)
    assert abs(relative(tsrn(mean_field(market, a_c, a_l), a_c, a_l), market)) < 1e-4


@pytest.mark.statistical
@pytest.mark.parametrize(("lam", "alpha"), [(0.3, 1.0), (1.0, 1.0), (3.0, 0.5)])
def test_the_finite_chain_agrees_with_the_mean_field(lam, alpha):
    market, n, t0, t1 = Market(lam=lam, alpha=alpha), 2_000, 6.0, 18.0
    totals = simulate_market(market, n, 0.6, 0.4, t0, t1, seed=11, n_replicates=24)
    rates = per_listing(totals, n, t0, t1)
    exact = mean_field(market, 0.6, 0.4)
    error = rates.std(axis=0, ddof=1) / np.sqrt(len(rates))
    assert np.all(np.abs(rates.mean(axis=0) - exact) < 3 * error)
    estimate = tsri(rates, 0.6, 0.4, 1, balance(market))
    gap = estimate.mean() - tsri(exact, 0.6, 0.4, 1, balance(market))
    assert abs(gap) < 3 * estimate.std(ddof=1) / np.sqrt(len(rates))


def test_replicates_are_keyed():
    market = Market()
    many = simulate_market(market, 50, 0.5, 0.5, 1, 3, seed=4, n_replicates=3)
    assert np.array_equal(many[:2], simulate_market(market, 50, 0.5, 0.5, 1, 3, 4, 2))
    assert not np.array_equal(many[0], many[1])
    assert not np.array_equal(many, simulate_market(market, 50, 0.5, 0.5, 1, 3, 5, 3))


@pytest.mark.parametrize(
    "call",
    [
        lambda: Market(lam=0),
        lambda: Market(alpha=1.2),
        lambda: mean_field(Market(), 1.5, 0),
        lambda: simulate_market(Market(), 0, 0.5, 0.5, 0, 1, 1),
        lambda: simulate_market(Market(), 10, 0.5, 0.5, 2, 1, 1),
        lambda: simulate_market(Market(), 10, -0.5, 0.5, 0, 1, 1),
    ],
)
def test_refuses(call):
    with pytest.raises(AnalysisError):
        call()
