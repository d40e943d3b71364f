"""The ladder: who climbs, when, and to where."""

import numpy as np
import pytest
from scipy.stats import beta as beta_distribution

from policies.ladder import Ladder, LadderConfig
from simulator.contracts.quotas import QuotaEvent
from tests.policies.plant import Plant


def climbing(n=12, **knobs):
    return Plant(Ladder(LadderConfig(**knobs)), n, rate_h=0.0, scale=0.1)


def test_pools_are_those_of_the_folklore():
    config = LadderConfig()
    assert (config.target, *(stage.target for stage in config.later_stages)) == (
        200, 1_000, 5_000, 20_000,
    )  # fmt: skip


def test_good_notes_climb_and_poor_ones_go_back():
    plant = climbing()
    plant.step()
    plant.given[:] = 20
    plant.clicks[:6], plant.clicks[6:] = 8, 1
    plant.step()
    assert {note for note, *_ in plant.events(QuotaEvent.MET)} == set(range(12))
    climbed = [line for line in plant.events(QuotaEvent.START) if line[1] == 1]
    assert climbed == [(note, 1, 100.0) for note in range(6)]
    support = plant.policy.support(plant.view)
    assert support.note_idx.tolist() == list(range(6))
    assert (support.remaining == 80).all()


def test_a_pool_that_is_not_filled_in_time_is_the_last():
    plant = climbing()
    plant.step()
    plant.given[:], plant.clicks[:] = 19, 19
    plant.run(25)
    assert len(plant.events(QuotaEvent.EXPIRED)) == 12
    assert plant.policy.support(plant.view) is None


@pytest.mark.parametrize("certainty", [0.1, 0.5, 0.9])
def test_promotion_is_a_posterior_tail(certainty):
    plant = climbing(21, certainty=certainty, cohort_quantile=0.7)
    plant.step()
    plant.given[:], plant.clicks[:] = 20, np.arange(21)
    bar = beta_distribution.ppf(0.7, 1, 9)
    chance = beta_distribution.sf(bar, 1 + np.arange(21), 9 + 20 - np.arange(21))
    promoted = plant.policy.promoted(plant.view, np.arange(21, dtype=np.int32))
    assert promoted.tolist() == (chance >= certainty).tolist()


def test_more_certainty_never_promotes_more():
    plants = [climbing(certainty=certainty) for certainty in (0.2, 0.5, 0.8)]
    counts = []
    for plant in plants:
        plant.given[:], plant.clicks[:] = 20, np.arange(12)
        counts.append(plant.policy.promoted(plant.view, np.arange(12, dtype=np.int32)).sum())
    assert counts == sorted(counts, reverse=True)
