"""Thompson slot and UCB: who is nominated, who gets a grant, and when it ends."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.thompson_slot import ThompsonSlot, ThompsonSlotConfig
from policies.ucb import Ucb, UcbConfig, share_out
from simulator.contracts.events import DAY_S, Kind
from tests.policies.plant import DAILY_TRAFFIC, Plant
from tests.support.platform import freeze, make_view

VIEW = make_view(4_000, 80, seed=3)
YOUNG = np.flatnonzero(VIEW.notes.published_t > VIEW.now - DAY_S)


def slot(view=VIEW, **knobs):
    policy = ThompsonSlot(ThompsonSlotConfig(**knobs))
    policy.setup(view.spec)
    policy.on_tick(view)
    return policy


def counted(shown, clicks):
    """The view with given counts of the young notes."""
    totals = VIEW.notes.totals.copy()
    totals[YOUNG, Kind.IMPRESSION] = shown
    totals[YOUNG, Kind.CLICK] = clicks
    return dataclasses.replace(VIEW, notes=freeze(dataclasses.replace(VIEW.notes, totals=totals)))


def test_the_slot_changes_no_value_and_comes_after_every_nine():
    policy = slot()
    support = policy.support(VIEW)
    assert policy.insert_every == 9
    assert (support.insert == 1).all()
    assert (support.rank == 1).all()
    assert (support.pre_rank == 1).all()


def test_a_share_of_the_fresh_is_nominated():
    view = counted(10, 1)
    for share in (0.1, 0.5, 1.0):
        support = slot(view, nominees=share).support(view)
        assert support.note_idx.size == np.ceil(share * YOUNG.size)
        assert np.isin(support.note_idx, YOUNG).all()


def test_notes_leave_at_the_cap_and_graduate_by_clicks():
    shown = np.where(np.arange(YOUNG.size) % 2, 10, 150)
    clicks = np.where(np.arange(YOUNG.size) % 3, 2, 50)
    view = counted(shown, np.minimum(clicks, shown))
    support = slot(view, nominees=1.0, graduate_clicks=10).support(view)
    expected = YOUNG[(shown < 150) & (np.minimum(clicks, shown) < 10)]
    assert support.note_idx.tolist() == expected.tolist()
    assert (support.remaining == 140).all()


def test_a_note_that_graduates_between_draws_leaves_at_once():
    view = counted(10, 1)
    policy = slot(view, nominees=1.0, graduate_clicks=5)
    later = counted(20, np.where(np.arange(YOUNG.size) == 0, 5, 1))
    assert YOUNG[0] in policy.support(view).note_idx
    assert YOUNG[0] not in policy.support(later).note_idx


@pytest.mark.statistical
def test_good_notes_are_nominated_more_often_and_poor_ones_sometimes():
    half = np.arange(YOUNG.size) < YOUNG.size // 2
    view = counted(100, np.where(half, 30, 5))
    wins = np.zeros(YOUNG.size)
    for k in range(60):
        now = dataclasses.replace(view, now=view.now + k)
        support = slot(now, nominees=0.3).support(now)
        wins += np.isin(YOUNG, support.note_idx)
    assert wins[half].mean() > 3 * wins[~half].mean()
    even = counted(2, 0)
    wins = np.zeros(YOUNG.size)
    for k in range(60):
        now = dataclasses.replace(even, now=even.now + k)
        wins += np.isin(YOUNG, slot(now, nominees=0.3).support(now).note_idx)
    assert (wins > 0).mean() > 0.99


def test_draws_are_keyed_by_note_seed_and_time():
    view = counted(10, 1)
    a, b = slot(view).support(view), slot(view).support(view)
    assert a.note_idx.tolist() == b.note_idx.tolist()
    other = dataclasses.replace(view, spec=dataclasses.replace(view.spec, seed=99))
    assert slot(other).support(other).note_idx.tolist() != a.note_idx.tolist()
    later = dataclasses.replace(view, now=view.now + 300)
    assert slot(later).support(later).note_idx.tolist() != a.note_idx.tolist()


def ucb(n=20, **knobs):
    return Plant(Ucb(UcbConfig(**knobs)), n, rate_h=2.0)


@given(
    room=st.lists(st.floats(0, 50), max_size=20),
    budget=st.floats(0, 300),
)
def test_shares_are_whole_and_never_above_budget_or_room(room, budget):
    shares = share_out(np.array(room), budget)
    assert (shares == np.floor(shares)).all()
    assert shares.sum() <= budget
    assert (shares <= np.array(room)).all()
    used_up = budget - shares.sum() < 1 or (shares == np.floor(room)).all()
    assert used_up


def test_the_index_by_hand():
    policy = ucb(3, confidence=0.5).policy
    plant = ucb(3, confidence=0.5)
    plant.given[:], plant.clicks[:] = [0, 9, 99], [0, 3, 9]
    rows = np.arange(3, dtype=np.int32)
    mean = (1 + plant.clicks) / (10 + plant.given)
    doubt = np.sqrt(np.log(np.e + 108) / (plant.given + 1))
    np.testing.assert_allclose(plant.policy.index(plant.view, rows), mean + 0.5 * doubt)
    assert policy is not plant.policy


def test_grants_of_a_period_stay_within_its_budget_and_the_cap():
    plant = ucb(30, budget_share=0.01, grant=20, cap=60).run(3)
    hourly = 0.01 * DAILY_TRAFFIC / 24
    starts = plant.helped.copy()
    plant.run(1)
    assert 0 < (plant.helped - starts).sum() <= hourly + 1
    plant.run(20)
    assert plant.helped.max() <= 60
    for support in plant.supports:
        if support is not None:
            assert support.remaining.max() <= 20
            assert (support.rank == 8).all()


def test_ignorance_is_worth_something_and_knowledge_decides():
    plant = ucb(12, budget_share=0.02, confidence=0.5)
    plant.run(1)
    plant.given[:], plant.clicks[:] = 50, 5
    plant.given[0], plant.clicks[0] = 0, 0
    plant.clicks[1] = 40
    plant.policy._next_t = -np.inf
    support = plant.step()
    assert {0, 1} <= set(support.note_idx.tolist())
    assert support.note_idx.size < 12


def test_without_a_forecast_nothing_is_granted():
    plant = ucb(5)
    assert plant.step() is None
