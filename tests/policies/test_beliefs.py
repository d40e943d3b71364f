"""Priors and posteriors of click rates."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta as beta_distribution

from policies.beliefs import CohortBelief, fit_beta, probability_above, quantile
from simulator.contracts.events import HOUR_S, Kind
from tests.support.platform import freeze, make_view


@pytest.mark.statistical
@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 18.0), (10.0, 40.0), (1.0, 4.0)])
def test_the_prior_of_drawn_notes_is_recovered(alpha, beta):
    rng = np.random.default_rng(1)
    shown = rng.integers(20, 400, 4_000).astype(float)
    clicks = rng.binomial(shown.astype(int), rng.beta(alpha, beta, shown.size)).astype(float)
    found = fit_beta(clicks, shown)
    assert found[0] / sum(found) == pytest.approx(alpha / (alpha + beta), rel=0.05)
    assert sum(found) == pytest.approx(alpha + beta, rel=0.15)


@given(
    counts=st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=2, max_size=30),
)
def test_any_counts_give_a_proper_prior(counts):
    shown = np.array([n for n, _ in counts], float)
    clicks = np.floor(shown * np.array([rate for _, rate in counts]))
    alpha, beta = fit_beta(clicks, shown)
    assert alpha > 0
    assert beta > 0
    assert 1.9 < alpha + beta < 1_001


def test_equal_rates_make_a_firm_prior():
    assert sum(fit_beta(np.full(50, 10.0), np.full(50, 100.0))) == pytest.approx(1_000, rel=1e-6)


def test_tails_and_quantiles_are_those_of_the_distribution():
    alpha, beta = np.array([1.0, 5.0]), np.array([9.0, 20.0])
    np.testing.assert_allclose(
        probability_above(alpha, beta, 0.12), beta_distribution.sf(0.12, alpha, beta)
    )
    share = np.array([0.2, 0.8])
    np.testing.assert_allclose(
        quantile(alpha, beta, share), beta_distribution.ppf(share, alpha, beta), rtol=1e-6
    )


def test_more_clicks_make_a_high_rate_likelier():
    clicks = np.arange(20.0)
    chance = probability_above(1 + clicks, 9 + 40 - clicks, 0.2)
    assert (np.diff(chance) > 0).all()


class TestCohort:
    view = make_view(2_000, 100, seed=4)

    def test_before_data_a_tenth_is_expected(self):
        assert CohortBelief(10).mean == pytest.approx(0.1)

    def test_it_is_fitted_once_an_hour_to_notes_shown_enough(self):
        belief = CohortBelief(20)
        belief.refresh(self.view)
        totals = self.view.notes.totals[self.view.live_start :]
        enough = totals[:, Kind.IMPRESSION] >= 20
        expected = fit_beta(
            totals[enough, Kind.CLICK].astype(float), totals[enough, Kind.IMPRESSION].astype(float)
        )
        assert (belief.alpha, belief.beta) == pytest.approx(expected)
        doubled = self.view.notes.totals.copy()
        doubled[:, Kind.CLICK] = np.minimum(2 * doubled[:, Kind.CLICK], doubled[:, 0])
        notes = freeze(dataclasses.replace(self.view.notes, totals=doubled))
        soon = dataclasses.replace(self.view, now=self.view.now + 0.9 * HOUR_S, notes=notes)
        belief.refresh(soon)
        assert (belief.alpha, belief.beta) == pytest.approx(expected)
        belief.refresh(dataclasses.replace(soon, now=self.view.now + HOUR_S))
        assert belief.mean > 1.2 * expected[0] / sum(expected)

    def test_too_few_notes_change_nothing(self):
        belief = CohortBelief(1e9)
        belief.refresh(self.view)
        assert belief.mean == pytest.approx(0.1)

    def test_posteriors_add_counts(self):
        belief = CohortBelief(10)
        rows = np.array([5, 9], np.int32)
        alpha, beta = belief.posterior(self.view, rows)
        totals = self.view.notes.totals[rows]
        np.testing.assert_allclose(alpha, 1 + totals[:, Kind.CLICK])
        np.testing.assert_allclose(alpha + beta, 10 + totals[:, Kind.IMPRESSION])

    def test_state_round_trip(self):
        belief, copy = CohortBelief(10), CohortBelief(10)
        belief.refresh(self.view)
        copy.load_state(belief.state_arrays())
        assert (copy.alpha, copy.beta) == (belief.alpha, belief.beta)
