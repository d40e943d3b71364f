import dataclasses

import numpy as np
import pytest

from recall.user_cf import UserCF, UserCFConfig
from tests.support.platform import freeze, make_requests, make_view

EVERYTHING = {"n_history": 50, "max_readers": 10_000}


@pytest.fixture(scope="module")
def view():
    return make_view(400, 300, seed=6)


def build(view, **knobs):
    channel = UserCF(UserCFConfig(**knobs))
    channel.setup(view.spec)
    channel.refresh(view)
    return channel


def with_recent(view, recent):
    """Return a view with other histories."""
    readers = dataclasses.replace(view.readers, recent=np.array(recent, np.int32))
    return dataclasses.replace(view, readers=freeze(readers))


def similarities_by_hand(view, min_common):
    """Return float64[R, R], 0 where two readers are not similar."""
    recent = view.readers.recent
    has = np.zeros((view.readers.n, view.notes.n))
    has[np.nonzero(recent >= 0)[0], recent[recent >= 0]] = 1
    has = has[:, view.live_start :]
    damping = 1 / np.log(1 + np.maximum(has.sum(axis=0), 1))
    size = np.maximum(has.sum(axis=1), 1)
    found = (has * damping) @ has.T / np.sqrt(np.outer(size, size))
    found[has @ has.T < min_common] = 0
    np.fill_diagonal(found, 0)
    return found


@pytest.mark.parametrize("min_common", [1, 2, 4])
def test_similar_readers_are_those_of_largest_damped_overlap(view, min_common):
    channel = build(view, min_common=min_common, n_neighbours=7, **EVERYTHING)
    state = channel.state_arrays()
    expected = similarities_by_hand(view, min_common)
    best = np.sort(expected, axis=1)[:, ::-1][:, :7]
    np.testing.assert_allclose(state["similarities"], best, atol=1e-6)
    for reader, row in enumerate(state["readers"]):
        found = row[row >= 0]
        assert found.size == min(7, np.count_nonzero(expected[reader]))
        np.testing.assert_allclose(
            expected[reader, found], state["similarities"][reader, : found.size], atol=1e-6
        )


@pytest.mark.parametrize("min_readers", [1, 3])
def test_recommendations_are_ordered_by_summed_similarity(view, min_readers):
    channel = build(
        view, n_last=4, n_neighbours=200, min_common=1, min_readers=min_readers, k=25, **EVERYTHING
    )
    similar = np.zeros((view.readers.n, view.readers.n))
    state = channel.state_arrays()
    rows, places = np.nonzero(state["readers"] >= 0)
    similar[rows, state["readers"][rows, places]] = state["similarities"][rows, places]
    late = np.zeros((view.readers.n, view.notes.n))
    recent = view.readers.recent[:, :4]
    late[np.nonzero(recent >= view.live_start)[0], recent[recent >= view.live_start]] = 1
    requests = make_requests(view, 40)
    for reader, row in zip(requests.reader_idx, channel.recall(requests, view), strict=True):
        total = similar[reader] @ late
        total[(similar[reader] > 0) @ late < min_readers] = 0
        total[view.readers.recent[reader][view.readers.recent[reader] >= 0]] = 0
        best = np.sort(total[total > 0])[::-1][:25]
        np.testing.assert_allclose(total[row[row >= 0]], best, atol=1e-5)


def test_what_everybody_reads_makes_readers_less_similar():
    view = make_view(100, 40, seed=1, span_s=86_400)
    recent = np.full((40, 30), -1)
    recent[:, 0] = 50
    recent[[0, 1], 1] = 60
    recent[[0, 2], 2] = 70
    recent[3:20, 1] = 70
    state = build(with_recent(view, recent), min_common=1, **EVERYTHING).state_arrays()
    assert state["readers"][0, 0] == 1
    assert 2 in state["readers"][0]
    assert state["similarities"][0, 0] > state["similarities"][0, 1]


def test_of_a_popular_note_a_bounded_number_of_readers_is_compared():
    view = make_view(100, 200, seed=1, span_s=86_400)
    recent = np.full((200, 30), -1)
    recent[:, :2] = [50, 60]
    state = build(
        with_recent(view, recent), min_common=1, max_readers=5, n_neighbours=50
    ).state_arrays()
    n_found = (state["readers"] >= 0).sum(axis=1)
    assert (n_found >= 4).all()
    assert (n_found <= 10).all()
    assert np.unique(state["readers"]).size > 150, "readers are drawn anew for each reader"


def test_only_the_newest_notes_make_readers_similar():
    view = make_view(100, 2, seed=1, span_s=86_400)
    recent = np.full((2, 30), -1)
    recent[0, :4] = [10, 11, 12, 13]
    recent[1, :4] = [20, 21, 12, 13]
    both = with_recent(view, recent)
    assert (build(both, n_history=4).state_arrays()["readers"][:, 0] == [1, 0]).all()
    assert (build(both, n_history=2).state_arrays()["readers"] == -1).all()


def test_notes_below_the_least_age_take_no_part(view):
    channel = build(view, min_age="24h", min_common=1)
    found = channel.recall(make_requests(view, 300), view)
    assert (found >= 0).any()
    assert found.max() < view.new_start
    assert build(view, min_common=1).recall(make_requests(view, 300), view).max() >= view.new_start


def test_a_note_is_found_once_enough_similar_readers_have_it_and_not_before(view):
    """The published limit of UserCF: no readers, nothing that leads to the note."""
    channel = build(view, min_readers=2)
    readers = channel.state_arrays()["readers"]
    first = int(np.flatnonzero((readers >= 0).sum(axis=1) >= 2)[0])
    requests = dataclasses.replace(make_requests(view, 1), reader_idx=np.array([first], np.int32))
    note = view.notes.n - 1
    recent = view.readers.recent.copy()
    recent[recent == note] = -1
    for n_readers in range(3):
        recent[readers[first, :n_readers], 0] = note
        found = channel.recall(requests, with_recent(view, recent))
        assert (note in found) == (n_readers == 2)


def test_readers_who_joined_after_the_last_rebuild_get_nothing(view):
    channel = build(view)
    more = np.concatenate([view.readers.recent, view.readers.recent[:5]])
    requests = dataclasses.replace(
        make_requests(view, 5), reader_idx=np.arange(300, 305, dtype=np.int32)
    )
    assert (channel.recall(requests, with_recent(view, more)) == -1).all()
