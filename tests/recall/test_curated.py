import dataclasses
import math

import numpy as np
import pytest

from recall.curated import Curated, CuratedConfig, _stride
from simulator.contracts.events import Kind
from tests.support.platform import freeze, make_requests, make_view

VIEW = make_view(4_000, 200, seed=3)


def build(view=VIEW, **knobs):
    channel = Curated(CuratedConfig(**knobs))
    channel.setup(view.spec)
    channel.refresh(view)
    return channel


def pool_of(channel):
    return channel.state_arrays()["pool"]


def test_the_pool_holds_the_best_kept_proven_notes_of_each_category():
    pool = pool_of(build(min_clicks=10, per_category=6))
    totals = VIEW.notes.totals
    live = np.arange(VIEW.live_start, VIEW.notes.n)
    rate = (totals[:, Kind.LIKE] + totals[:, Kind.COLLECT]) / np.maximum(totals[:, Kind.CLICK], 1)
    for category in range(VIEW.spec.n_categories):
        proven = live[(VIEW.notes.category[live] == category) & (totals[live, Kind.CLICK] >= 10)]
        expected = sorted(proven, key=lambda note: (-rate[note], note))[:6]
        assert pool[VIEW.notes.category[pool] == category].tolist() == expected
    assert pool.size == 6 * VIEW.spec.n_categories


def test_the_threshold_scales_with_the_world():
    tenth = dataclasses.replace(VIEW, spec=dataclasses.replace(VIEW.spec, threshold_scale=0.1))
    np.testing.assert_array_equal(
        pool_of(build(tenth, min_clicks=100)), pool_of(build(min_clicks=10))
    )
    assert pool_of(build(min_clicks=1_000_000)).size == 0


def test_nothing_about_the_reader_counts():
    channel, requests = build(min_clicks=10), make_requests(VIEW, 50)
    notes = VIEW.readers
    stranger = freeze(
        dataclasses.replace(
            notes,
            category_profile=notes.category_profile[::-1].copy(),
            vector=-notes.vector,
            recent=np.full_like(notes.recent, -1),
        )
    )
    other = dataclasses.replace(VIEW, readers=stranger)
    np.testing.assert_array_equal(channel.recall(requests, VIEW), channel.recall(requests, other))


def test_every_note_of_the_pool_is_picked_as_often():
    channel = build(min_clicks=10, per_category=10, k=5)
    requests = make_requests(VIEW, 6_000)
    requests = dataclasses.replace(requests, session_no=np.arange(6_000, dtype=np.int32))
    found = channel.recall(requests, VIEW)
    count = np.bincount(found.ravel(), minlength=VIEW.notes.n)[pool_of(channel)]
    mean = found.size / pool_of(channel).size
    assert np.abs(count - mean).max() < 5 * math.sqrt(mean)


def test_successive_picks_are_of_different_categories():
    found = build(min_clicks=10, per_category=10, k=8).recall(make_requests(VIEW, 200), VIEW)
    category = VIEW.notes.category[found]
    assert (category[:, 1:] != category[:, :-1]).all()
    assert np.mean([np.unique(row).size for row in category]) > 6


def test_picks_change_from_request_to_request_and_not_with_the_batch():
    channel, requests = build(min_clicks=10), make_requests(VIEW, 30)
    found = channel.recall(requests, VIEW)
    again = dataclasses.replace(requests, request_no=requests.request_no + 1)
    assert (channel.recall(again, VIEW)[:, 0] != found[:, 0]).mean() > 0.9
    part = requests.where(slice(7, 9))
    np.testing.assert_array_equal(channel.recall(part, VIEW), found[7:9])


@pytest.mark.parametrize("size", range(1, 200))
def test_a_stride_visits_every_place_once(size):
    places = np.arange(size) * _stride(size) % size
    assert np.unique(places).size == size
