"""What readers had read before the start."""

import numpy as np
import pytest

from simulator.contracts.events import DAY_S, Kind
from simulator.world import history
from tests.world.driving import make_requests, make_world


def read_all(world):
    """Return the blocks of past reading joined: reader, note, time and actions."""
    blocks = list(world.past_reading(10))
    names = ("reader_idx", "note_idx", "t", "actions")
    return [np.concatenate([getattr(block, name) for block in blocks]) for name in names]


@pytest.fixture(scope="module")
def past(world):
    return read_all(world)


def test_past_reading_lies_between_publication_and_start(world, past):
    reader, note, t, actions = past
    assert reader.size > 50 * world.readers.n
    assert (t < 0).all()
    assert (t >= world.notes.published_t[note]).all()
    assert (actions[:, Kind.IMPRESSION] == 1).all()
    order = np.lexsort((t, reader))
    assert (order == np.arange(t.size)).all()


def test_nobody_reads_a_note_twice(world, past):
    reader, note, *_ = past
    pair = reader.astype(np.int64) * world.notes.n + note
    assert np.unique(pair).size == pair.size


@pytest.mark.statistical
def test_active_readers_have_read_more_of_what_suits_them(world, past):
    reader, note, *_ = past
    count = np.bincount(reader, minlength=world.readers.n)
    activity = world.readers.activity[: world.readers.n]
    busy = activity > np.median(activity)
    assert count[busy].mean() > 1.5 * count[~busy].mean()
    rng = np.random.default_rng(0)
    other = rng.integers(0, world.notes.n, note.size).astype(np.int32)
    chosen = world.oracle_click_probability(reader, note)
    assert chosen.mean() > 1.5 * world.oracle_click_probability(reader, other).mean()


def test_the_past_does_not_depend_on_blocks(past, monkeypatch):
    monkeypatch.setattr(history, "READERS_AT_A_TIME", 700)
    for whole, again in zip(past, read_all(make_world(2_000, seed=0)), strict=True):
        np.testing.assert_array_equal(whole, again)


def test_a_past_click_and_a_click_today_are_one_luck(world, past):
    reader, note, t, actions = past
    fresh = (t - world.notes.published_t[note] < DAY_S) & (actions[:, Kind.CLICK] > 0)
    liked = fresh & (actions[:, Kind.LIKE] > 0)
    assert liked.any()
    for row in np.flatnonzero(liked)[:20]:
        slate = note[row].reshape(1, 1)
        now = world.respond(make_requests(0.0, [reader[row]]), slate).actions[0, 0]
        if now[Kind.CLICK] > 0:
            np.testing.assert_array_equal(now, actions[row])


def test_no_past_without_notes_or_when_switched_off():
    assert list(make_world(50, backlog=False).past_reading(10)) == []
    assert list(make_world(50, history={"enabled": False}).past_reading(10)) == []
