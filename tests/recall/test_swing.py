import dataclasses
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recall.history_kernels import compress
from recall.lists import frozen
from recall.swing import Swing, SwingConfig
from tests.support.platform import freeze, make_requests, make_view

EVERYTHING = {"n_history": 50, "max_readers": 1_000}


@pytest.fixture(scope="module")
def view():
    return make_view(300, 120, seed=6)


def build(view, **knobs):
    channel = Swing(SwingConfig(**knobs))
    channel.setup(view.spec)
    channel.refresh(view)
    return channel


def with_recent(view, recent):
    """Return a view with other histories."""
    readers = dataclasses.replace(view.readers, recent=np.array(recent, np.int32))
    return dataclasses.replace(view, readers=freeze(readers))


def sums_by_hand(view, alpha):
    """Return float64[n_live, n_live], the sums over pairs of readers."""
    sums = np.zeros((view.notes.n, view.notes.n))
    histories = [set(row[row >= view.live_start].tolist()) for row in view.readers.recent]
    for one, other in combinations(histories, 2):
        shared = sorted(one & other)
        sums[np.ix_(shared, shared)] += 1 / (alpha + max(1, len(shared)))
    np.fill_diagonal(sums, 0)
    return sums[view.live_start :, view.live_start :]


@pytest.mark.parametrize("alpha", [0.0, 1.0, 5.0])
def test_neighbours_are_those_of_largest_sum(view, alpha):
    state = build(view, alpha=alpha, n_neighbours=7, **EVERYTHING).state_arrays()
    expected = sums_by_hand(view, alpha)
    best = np.sort(expected, axis=1)[:, ::-1][:, :7]
    np.testing.assert_allclose(state["similarities"], best, rtol=1e-5)
    for note, row in enumerate(state["neighbours"]):
        found = row[row >= 0] - view.live_start
        assert found.size == min(7, np.count_nonzero(expected[note]))
        np.testing.assert_allclose(
            expected[note, found], state["similarities"][note, : found.size], rtol=1e-5
        )


def test_recommendations_are_ordered_by_summed_similarity(view):
    channel = build(view, n_last=4, n_neighbours=200, k=25, **EVERYTHING)
    sums = sums_by_hand(view, 1.0)
    requests = make_requests(view, 40)
    for reader, row in zip(requests.reader_idx, channel.recall(requests, view), strict=True):
        history = view.readers.recent[reader]
        total = sums[history[:4][history[:4] >= view.live_start] - view.live_start].sum(axis=0)
        total[history[history >= view.live_start] - view.live_start] = 0
        best = np.sort(total[total > 0])[::-1][:25]
        np.testing.assert_allclose(total[row[row >= 0] - view.live_start], best, rtol=1e-4)


def test_pairs_that_share_little_else_count_more():
    view = make_view(100, 4, seed=1, span_s=86_400)
    recent = np.full((4, 30), -1)
    recent[0, :2] = recent[1, :2] = [50, 60]
    recent[2, :6] = recent[3, :6] = [50, 70, 71, 72, 73, 74]
    state = build(with_recent(view, recent)).state_arrays()
    assert state["neighbours"][50, 0] == 60
    assert state["similarities"][50, 0] == pytest.approx(1 / 3)
    assert state["similarities"][50, 1] == pytest.approx(1 / 7)


def test_of_a_popular_note_the_pairs_among_a_bounded_number_of_readers_count():
    view = make_view(100, 200, seed=1, span_s=86_400)
    recent = np.full((200, 30), -1)
    recent[:, :2] = [50, 60]
    state = build(with_recent(view, recent), max_readers=5).state_arrays()
    assert state["similarities"][50, 0] == pytest.approx(5 * 4 / 2 / 3)


def test_notes_below_the_least_age_take_no_part(view):
    assert build(view).state_arrays()["neighbours"].max() >= view.new_start
    assert build(view, min_age="24h").state_arrays()["neighbours"].max() < view.new_start


def test_a_note_with_one_reader_is_never_found(view):
    """The published limit of Swing: no pair of readers, no neighbours."""
    recent = view.readers.recent.copy()
    fresh = np.arange(view.new_start, view.notes.n)
    assert fresh.size > 5
    recent[np.isin(recent, fresh)] = -1
    recent[np.arange(fresh.size), 0] = fresh
    lonely = with_recent(view, recent)
    found = build(lonely).recall(make_requests(lonely, 200), lonely)
    assert (found >= 0).any()
    assert not np.isin(found, fresh).any()


histories = hnp.arrays(
    np.int32, st.tuples(st.integers(0, 6), st.integers(1, 8)), elements=st.integers(-1, 12)
)


@settings(max_examples=100, deadline=None)
@given(recent=histories, first=st.integers(0, 5), n=st.integers(0, 9), n_last=st.integers(1, 9))
def test_histories_are_listed_in_both_directions(recent, first, n, n_last):
    reader_starts, notes, note_starts, readers = compress(frozen(recent), first, first + n, n_last)
    expected = []
    for row in recent.tolist():
        distinct = list(dict.fromkeys(note for note in row if first <= note < first + n))
        expected.append(sorted(note - first for note in distinct[:n_last]))
    rows = [notes[a:b].tolist() for a, b in pairwise(reader_starts)]
    assert rows == expected
    columns = [[r for r, row in enumerate(expected) if note in row] for note in range(n)]
    found = [readers[a:b].tolist() for a, b in pairwise(note_starts)]
    assert found == columns
