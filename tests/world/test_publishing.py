"""Plans of publishing, and the notes that come of them."""

import numpy as np
import pytest

from simulator.contracts.events import DAY_S
from tests.world.driving import START_DAY, favourites_of, make_world


@pytest.mark.statistical
def test_publishing_lies_in_its_bands():
    world = make_world(20_000, seed=1, backlog=False)
    penetration, per_dau, per_publisher, most = [], [], [], 0
    for day in range(5):
        plan = world.plan_publishes(day)
        dau = np.unique(world.plan_sessions(day).reader_idx).size
        count = np.bincount(plan.creator_idx)
        publishers = (count > 0).sum()
        penetration.append(publishers / dau)
        per_dau.append(plan.n / dau)
        per_publisher.append(plan.n / publishers)
        most = max(most, count.max())
    assert 0.02 <= np.mean(penetration) <= 0.06
    assert 0.03 <= np.mean(per_dau) <= 0.12
    assert 1.1 <= np.mean(per_publisher) <= 2.2
    assert most >= 8


def test_only_readers_who_come_publish(world):
    plan = world.plan_publishes(0)
    came = world.plan_sessions(0).reader_idx
    assert np.isin(world.creators.reader_idx[plan.creator_idx], came).all()


def test_plan_is_sorted_and_lies_in_its_day(world):
    plan = world.plan_publishes(1)
    assert (np.diff(plan.t) >= 0).all()
    assert plan.t[0] >= (1 - START_DAY) * DAY_S
    assert plan.t[-1] < (2 - START_DAY) * DAY_S
    part = plan.rows(2, 5)
    assert part.n == 3
    assert (part.t == plan.t[2:5]).all()


def test_motivation_adds_notes_and_takes_none():
    world = make_world(4_000, seed=2, backlog=False, creators={"sensitivity": "high"})
    world.creators.motivation[:] = 0.0
    few = world.plan_publishes(0)
    world.creators.motivation[:] = 2.0
    many = world.plan_publishes(0)
    assert many.n > few.n
    assert np.isin(few.t, many.t).all()


def test_who_gave_up_publishes_nothing():
    world = make_world(500, backlog=False)
    world.creators.creating[:] = 0
    assert world.plan_publishes(0).n == 0


def test_a_note_is_the_same_however_it_is_written():
    whole, parts = make_world(1_500, seed=3), make_world(1_500, seed=3)
    plan = whole.plan_publishes(0)
    assert plan.n > 20
    full = whole.write_notes(plan)
    pieces = [
        parts.write_notes(plan.rows(first, min(first + 3, plan.n))) for first in range(0, plan.n, 3)
    ]
    for name in ("key", "category", "keywords", "embedding", "is_video", "has_card"):
        joined = np.concatenate([getattr(piece, name) for piece in pieces])
        assert (joined == getattr(full, name)).all(), name
    for name, column in whole.notes.state_arrays().items():
        assert (column == parts.notes.state_arrays()[name]).all(), name


def test_the_same_note_exists_in_a_world_that_publishes_less():
    rich, poor = make_world(3_000, seed=4, backlog=False), make_world(3_000, seed=4, backlog=False)
    rich.creators.motivation[:] = 3.0
    more, fewer = (w.write_notes(w.plan_publishes(0)) for w in (rich, poor))
    at = {int(key): row for row, key in enumerate(more.key)}
    rows = [at[int(key)] for key in fewer.key]
    assert more.n > fewer.n
    assert (more.embedding[rows] == fewer.embedding).all()
    assert (rich.notes.appeal[rows] == poor.notes.appeal[: fewer.n]).all()
    assert (rich.notes.quality[rows] == poor.notes.quality[: fewer.n]).all()


def test_backlog_is_a_month_of_the_same_publishing():
    world = make_world(6_000, seed=5, backlog=False)
    backlog = world.backlog()
    assert (np.diff(backlog.published_t) >= 0).all()
    assert backlog.published_t[0] >= -30 * DAY_S
    assert backlog.published_t[-1] < 0
    assert np.unique(backlog.key).size == backlog.n == world.notes.n
    today = np.mean([world.plan_publishes(day).n for day in range(10)])
    assert backlog.n / 30 == pytest.approx(today, rel=0.1)


@pytest.mark.statistical
def test_what_notes_carry():
    world = make_world(8_000, seed=6, backlog=False)
    notes = world.backlog()
    assert notes.is_video.mean() == pytest.approx(0.35, abs=0.03)
    assert notes.is_promoted.mean() == pytest.approx(0.01, abs=0.006)
    assert notes.has_card.mean() == pytest.approx(0.03, abs=0.01)
    used = notes.keywords >= 0
    assert (notes.keywords[used] // 30 == np.repeat(notes.category, used.sum(axis=1))).all()
    favourites = favourites_of(world, world.creators.reader_idx[notes.creator_idx])
    assert (favourites == notes.category[:, None]).any(axis=1).all()
    quality = world.notes.quality[: notes.n]
    own = np.corrcoef(world.creators.quality[notes.creator_idx], quality)[0, 1]
    assert own**2 == pytest.approx(0.45, abs=0.06)
    assert quality.std() == pytest.approx(1, abs=0.1)
