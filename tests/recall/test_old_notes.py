"""Channels of proven notes: a least age, popularity by category, and by click rate."""

import numpy as np
import pytest

from recall.item_cf import ItemCF, ItemCFConfig
from recall.popular import Popular, PopularConfig
from recall.vector_pool import VectorPool, VectorPoolConfig
from simulator.contracts.events import Kind
from tests.support.platform import make_requests, make_view

CHANNELS = [(VectorPool, VectorPoolConfig), (Popular, PopularConfig), (ItemCF, ItemCFConfig)]


@pytest.fixture(scope="module")
def view():
    return make_view(3_000, 300, seed=4)


def build(kind, config, view):
    channel = kind(config)
    channel.setup(view.spec)
    channel.refresh(view)
    return channel


def found_notes(channel, view):
    found = channel.recall(make_requests(view, 50), view)
    return found[found >= 0]


@pytest.mark.parametrize(("kind", "config"), CHANNELS)
def test_notes_below_the_least_age_are_not_found(kind, config, view):
    knobs = {"min_common": 1} if kind is ItemCF else {"k": 1_000}
    everything = found_notes(build(kind, config(**knobs), view), view)
    old_only = found_notes(build(kind, config(min_age="24h", **knobs), view), view)
    assert everything.max() >= view.new_start
    assert old_only.size > 0
    assert old_only.max() < view.new_start


def test_each_reader_gets_what_is_popular_in_the_best_liked_categories(view):
    channel = build(Popular, PopularConfig(n_interests=2, k=20), view)
    requests = make_requests(view, 30)
    found = channel.recall(requests, view)
    profile = view.readers.category_profile[requests.reader_idx]
    for row, interest in zip(found, profile, strict=True):
        found_interest = interest[view.notes.category[row[row >= 0]]]
        assert found_interest.size > 0
        assert found_interest.min() >= np.sort(interest)[-2]


def test_by_click_rate_a_lucky_note_with_few_impressions_is_not_first():
    view = make_view(3, 5, seed=1, span_s=3_600.0)
    totals = np.zeros_like(view.notes.totals)
    totals[:, Kind.IMPRESSION] = 2, 1_000, 1_000
    totals[:, Kind.CLICK] = 1, 300, 100
    view.notes.totals = totals
    channel = build(Popular, PopularConfig(order="click_rate", prior_impressions=50, k=3), view)
    assert channel.recall(make_requests(view, 1), view).tolist() == [[1, 0, 2]]


@pytest.mark.parametrize(
    ("knobs", "name"),
    [
        ({}, "popular"),
        ({"n_interests": 3}, "popular_category"),
        ({"order": "click_rate"}, "popular_rate"),
        ({"n_interests": 3, "order": "click_rate"}, "popular_category_rate"),
    ],
)
def test_variants_have_names_of_their_own(knobs, name):
    assert Popular(PopularConfig(**knobs)).name == name
