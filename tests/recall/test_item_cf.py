import dataclasses

import numpy as np
import pytest
from scipy.sparse import csr_array

from recall.item_cf import ItemCF, ItemCFConfig
from tests.support.platform import make_requests, make_view


@pytest.fixture(scope="module")
def view():
    return make_view(400, 300, seed=6)


def build(view, **knobs):
    channel = ItemCF(ItemCFConfig(**knobs))
    channel.setup(view.spec)
    channel.refresh(view)
    return channel


def cosines_by_hand(view, min_common):
    """Return float64[n_live, n_live], 0 where two notes are no neighbours."""
    readers, places = np.nonzero(view.readers.recent >= view.live_start)
    notes = view.readers.recent[readers, places] - view.live_start
    shape = (view.readers.n, view.notes.n - view.live_start)
    pairs = csr_array((np.ones(notes.size), (readers, notes)), shape=shape).toarray() > 0
    common = pairs.T.astype(float) @ pairs
    size = np.maximum(pairs.sum(axis=0), 1)
    cosines = np.where(common >= min_common, common / np.sqrt(np.outer(size, size)), 0)
    np.fill_diagonal(cosines, 0)
    return cosines


@pytest.mark.parametrize("min_common", [1, 2, 4])
def test_neighbours_are_those_of_largest_cosine(view, min_common):
    state = build(view, min_common=min_common, n_neighbours=7).state_arrays()
    expected = cosines_by_hand(view, min_common)
    np.testing.assert_allclose(
        state["similarities"], np.sort(expected, axis=1)[:, ::-1][:, :7], atol=1e-6
    )
    for note, row in enumerate(state["neighbours"]):
        found = row[row >= 0] - view.live_start
        np.testing.assert_allclose(
            expected[note, found], state["similarities"][note, : found.size], atol=1e-6
        )
        assert found.size == min(7, np.count_nonzero(expected[note]))


def test_recommendations_are_ordered_by_summed_cosine(view):
    channel = build(view, n_last=4, n_neighbours=200, min_common=1, k=25)
    cosines = cosines_by_hand(view, 1)
    requests = make_requests(view, 40)
    for reader, row in zip(requests.reader_idx, channel.recall(requests, view), strict=True):
        history = view.readers.recent[reader]
        seeds = history[:4][history[:4] >= view.live_start] - view.live_start
        total = cosines[seeds].sum(axis=0)
        total[history[history >= view.live_start] - view.live_start] = 0
        best = np.sort(total[total > 0])[::-1][:25]
        found = row[row >= 0] - view.live_start
        np.testing.assert_allclose(total[found], best, atol=1e-5)


def test_a_note_that_hardly_anyone_has_seen_is_never_found(view):
    """The published limit of ItemCF: no common readers, no neighbours."""
    readers = dataclasses.replace(view.readers, recent=view.readers.recent.copy())
    fresh = np.arange(view.new_start, view.notes.n)
    assert fresh.size > 5
    readers.recent[np.isin(readers.recent, fresh)] = -1
    readers.recent[0, 0] = fresh[0]
    lonely = dataclasses.replace(view, readers=readers)
    found = build(lonely).recall(make_requests(lonely, 200), lonely)
    assert (found >= 0).any()
    assert not np.isin(found, fresh).any()


def test_a_reader_never_gets_back_what_is_in_the_history(view):
    requests = make_requests(view, 100)
    found = build(view, min_common=1).recall(requests, view)
    for row, history in zip(found, view.readers.recent[requests.reader_idx], strict=True):
        assert not np.isin(row[row >= 0], history).any()
