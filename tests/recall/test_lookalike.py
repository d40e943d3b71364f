import dataclasses

import numpy as np
import pytest

from recall.lookalike import Lookalike, LookalikeConfig
from simulator.contracts.batches import Interactions
from simulator.contracts.events import N_KINDS, Kind
from tests.support.platform import NOW, make_requests, make_spec, make_view


@pytest.fixture
def view():
    """Return a platform whose reader r has the vector of the r-th axis."""
    view = make_view(4_000, 32, seed=4, span_s=30 * 86_400)
    view.readers.vector = np.eye(32, dtype=np.float32)
    view.readers.vector.flags.writeable = False
    return view


def clicks(view, note, readers, *kinds):
    """Return clicks of several readers on one note, with further actions."""
    n = len(readers)
    actions = np.zeros((n, N_KINDS), np.float32)
    actions[:, [Kind.IMPRESSION, Kind.CLICK, *kinds]] = 1
    actions[:, Kind.DWELL] = 12
    return Interactions(
        t=np.full(n, view.now),
        reader_idx=np.array(readers, np.int32),
        note_idx=np.full(n, note, np.int32),
        actions=actions,
    )


def build(view, **knobs):
    channel = Lookalike(LookalikeConfig(**knobs))
    channel.setup(view.spec)
    return channel


def ask(channel, view, reader):
    """Return the notes found for one reader."""
    requests = make_requests(view, 1)
    requests = dataclasses.replace(requests, reader_idx=np.array([reader], np.int32))
    row = channel.recall(requests, view)[0]
    return row[row >= 0].tolist()


def note_vector(channel, note):
    """Return the indexed vector of a note, by asking the index along each axis."""
    index = channel._index.state_arrays()
    place = int(np.flatnonzero(index["packed_ids"] == note)[0])
    return index["blocks"][place // 64, :32, place % 64]


def at(view, now, n=None):
    """Return the view at a later time, with the first n notes."""
    later = dataclasses.replace(view, now=now)
    if n is not None:
        later.notes = dataclasses.replace(view.notes, published_t=view.notes.published_t[:n])
    later.new_start = later.first_younger_than(86_400)
    return later


def test_a_note_lies_at_the_mean_of_its_readers(view):
    channel, note = build(view), view.notes.n - 1
    channel.nearline(clicks(view, note, [3, 4]), view)
    channel.nearline(clicks(view, note, [3]), view)
    channel.refresh(view)
    expected = np.zeros(32)
    expected[[3, 4]] = 2, 1
    np.testing.assert_allclose(note_vector(channel, note), expected / 5**0.5, atol=1e-6)


def test_readers_find_what_their_like_clicked(view):
    channel, n = build(view, k=1), view.notes.n
    channel.nearline(clicks(view, n - 1, [1, 2]), view)
    channel.nearline(clicks(view, n - 2, [7, 8]), view)
    channel.refresh(view)
    assert ask(channel, view, 2) == [n - 1]
    assert ask(channel, view, 8) == [n - 2]


def test_clicks_alone_stop_counting_beyond_three_strong_seeds(view):
    channel, note = build(view), view.notes.n - 1
    channel.nearline(clicks(view, note, [0, 1, 2, 3, 4, 5]), view)
    channel.nearline(clicks(view, note, [10], Kind.LIKE), view)
    channel.nearline(clicks(view, note, [11], Kind.COLLECT), view)
    channel.nearline(clicks(view, note, [12], Kind.COMMENT), view)
    channel.refresh(view)
    assert (note_vector(channel, note)[[0, 1, 2, 3, 4, 5, 10, 11, 12]] > 0).all()
    channel.nearline(clicks(view, note, [13], Kind.SHARE), view)
    channel.refresh(view)
    assert np.flatnonzero(note_vector(channel, note)).tolist() == [10, 11, 12, 13]


def test_old_notes_and_unknown_readers_leave_no_trace(view):
    channel = build(view)
    view.readers.vector = np.zeros((32, 32), np.float32)
    channel.nearline(clicks(view, view.notes.n - 1, [1]), view)
    channel.nearline(clicks(view, view.new_start - 1, [1]), view)
    channel.refresh(view)
    assert channel._index.n == 0


def test_the_vector_is_that_of_the_moment_of_interaction(view):
    channel, note = build(view), view.notes.n - 1
    channel.nearline(clicks(view, note, [3]), view)
    moved = at(view, NOW)
    moved.readers = dataclasses.replace(view.readers, vector=np.roll(view.readers.vector, 1, 0))
    channel.refresh(moved)
    assert note_vector(channel, note)[3] == 1


def test_young_notes_are_refreshed_often_and_older_ones_hourly(view):
    channel = build(view)
    young, old = view.notes.n - 1, view.first_younger_than(3_600) - 2
    channel.refresh(view)
    channel.nearline(clicks(view, young, [1]), view)
    channel.nearline(clicks(view, old, [1]), view)
    channel.refresh(at(view, NOW + 300))
    assert ask(channel, view, 1) == [young]
    channel.refresh(at(view, NOW + 3_600))
    assert sorted(ask(channel, view, 1)) == [old, young]


def test_a_note_is_never_between_the_two_indexes(view):
    """A note that turns one hour old stays findable until the hourly index takes it over."""
    channel, note = build(view), view.notes.n - 1
    for minute in range(0, 150, 5):
        now = at(view, NOW + 60 * minute)
        if minute == 10:
            channel.nearline(clicks(now, note, [1]), now)
        channel.refresh(now)
        assert ask(channel, now, 1) == ([note] if minute >= 10 else []), minute


def test_notes_are_forgotten_after_a_day(view):
    channel, note = build(view), view.notes.n - 1
    channel.nearline(clicks(view, note, [1]), view)
    channel.refresh(view)
    later = at(view, NOW + 86_400 + 3_600)
    channel.nearline(clicks(later, note, [2]), later)
    channel.refresh(later)
    assert ask(channel, later, 1) == []
    assert channel.state_arrays()["sums"].shape[0] == 0


def test_min_seeds_asks_for_several_readers():
    view = make_view(1_000, 50, seed=4, spec=make_spec(4))
    channel, note = build(view, min_seeds=2), view.notes.n - 1
    channel.nearline(clicks(view, note, [1]), view)
    channel.refresh(view)
    assert channel._index.n == 0
    channel.nearline(clicks(view, note, [2]), view)
    channel.refresh(view)
    assert channel._index.n == 1
