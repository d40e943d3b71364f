"""Early stop: poor notes are given up above the floor, and what they leave is passed on."""

import numpy as np
import pytest
from scipy.stats import beta as beta_distribution

from policies.early_stop import EarlyStop, EarlyStopConfig
from simulator.contracts.quotas import QuotaEvent
from tests.policies.plant import Plant


def stopping(n=10, **knobs):
    return Plant(EarlyStop(EarlyStopConfig(**knobs)), n, rate_h=0.0)


def test_below_the_floor_nobody_is_given_up():
    plant = stopping(floor=40)
    plant.step()
    plant.given[:] = 39
    plant.step()
    assert not plant.events(QuotaEvent.STOPPED)
    plant.given[:] = 40
    plant.step()
    assert len(plant.events(QuotaEvent.STOPPED)) == 10
    assert plant.policy.pot == 600


def test_given_up_are_those_who_are_surely_poor():
    plant = stopping(31, floor=30, poor_below=0.8, doubt=0.2)
    plant.step()
    plant.given[:], plant.clicks[:] = 60, np.arange(31)
    hope = beta_distribution.sf(0.08, 1 + np.arange(31), 9 + 60 - np.arange(31))
    plant.step()
    stopped = [note for note, *_ in plant.events(QuotaEvent.STOPPED)]
    assert stopped == np.flatnonzero(hope < 0.2).tolist()
    assert 0 < len(stopped) < 31


def test_a_given_up_note_gets_no_more_help():
    plant = stopping(2)
    plant.step()
    plant.given[0] = 50
    support = plant.step()
    assert support.note_idx.tolist() == [1]


def test_the_best_of_the_good_draw_the_bonus():
    plant = stopping(10, bonus=50)
    plant.step()
    plant.given[:2] = 50
    plant.step()
    assert plant.policy.pot == 100
    plant.given[2:8], plant.clicks[2:8] = 100, [5, 30, 40, 35, 10, 8]
    plant.step()
    later = [line for line in plant.events(QuotaEvent.START) if line[1] == 1]
    assert later == [(4, 1, 150.0), (5, 1, 150.0)]
    assert plant.policy.pot == 0


@pytest.mark.parametrize("bonus", [0, 100])
def test_no_more_is_ever_passed_on_than_was_left(bonus):
    plant = Plant(
        EarlyStop(EarlyStopConfig(bonus=bonus, base=4.0)), 30, rate_h=4.0, spread_h=20,
        click_rate=np.where(np.arange(30) % 3, 0.02, 0.3),
    )  # fmt: skip
    plant.run(60)
    targets = plant.policy.promises["target"]
    promised = 100.0 * 30
    drawn = float((targets[targets > 100] - 100).sum())
    left = sum(
        max(target - plant.given[note], 0) for note, _, target in plant.events(QuotaEvent.STOPPED)
    )
    assert plant.events(QuotaEvent.STOPPED)
    assert (drawn > 0) == (bonus > 0)
    assert drawn + plant.policy.pot <= promised
    assert plant.policy.pot >= 0
    assert plant.helped.sum() <= promised + 1e-6
    assert left >= 0


def test_stages_of_its_own_are_refused():
    with pytest.raises(ValueError, match="use bonus and bonus_window"):
        EarlyStopConfig(later_stages=[{"target": 200, "window": "72h"}])
    with pytest.raises(ValueError, match="bonus_window must be longer"):
        EarlyStopConfig(bonus_window="24h")
