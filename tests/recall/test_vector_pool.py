import dataclasses

import numpy as np
import pytest
from pydantic import ValidationError

from recall.vector_pool import VectorPool, VectorPoolConfig
from tests.support.platform import make_requests, make_spec, make_view


def build(view, **knobs):
    pool = VectorPool(VectorPoolConfig(**knobs))
    pool.setup(view.spec)
    pool.refresh(view)
    return pool


@pytest.mark.parametrize(
    ("knobs", "name", "period_s"),
    [
        ({"max_age": "1h"}, "vector_pool_1h", 120),
        ({"max_age": "6h"}, "vector_pool_6h", 300),
        ({"max_age": "24h"}, "vector_pool_24h", 600),
        ({}, "vector_pool_30d", 3_600),
        ({"max_impressions": 100}, "vector_pool_cold100", 300),
        ({"max_impressions": 50, "max_age": "90min"}, "vector_pool_cold50_90min", 300),
        ({"max_age": "90s", "refresh_every": "7s"}, "vector_pool_90s", 7),
    ],
)
def test_name_and_rhythm_follow_from_the_knobs(knobs, name, period_s):
    pool = VectorPool(VectorPoolConfig(**knobs))
    assert (pool.name, pool.refresh_period_s) == (name, period_s)


@pytest.mark.parametrize("knobs", [{"max_age": "soon"}, {"cold": "magic"}, {"k": 0}, {"m": 1}])
def test_wrong_knobs_are_refused(knobs):
    with pytest.raises(ValidationError):
        VectorPoolConfig(**knobs)


def test_results_are_the_nearest_notes_of_the_age():
    view = make_view(3_000, 100, seed=2)
    pool, requests = build(view, max_age="6h", k=10), make_requests(view, 20)
    rows = np.arange(view.first_younger_than(6 * 3_600), view.notes.n)
    scores = view.readers.vector[requests.reader_idx] @ view.notes.embedding[rows].T
    found = pool.recall(requests, view)
    for known, row, score in zip(scores.any(axis=1), found, scores, strict=True):
        expected = rows[np.argsort(-score)[:10]] if known else np.full(10, -1)
        assert row.tolist() == expected.tolist()


def test_a_limit_on_impressions_is_scaled_with_the_world():
    for scale in (1.0, 0.2):
        view = make_view(3_000, 100, seed=2, spec=make_spec(2, threshold_scale=scale))
        ids = build(view, max_impressions=100).state_arrays()["ids"]
        seldom_seen = np.flatnonzero(view.notes.impressions <= 100 * scale)
        assert np.array_equal(ids, seldom_seen[seldom_seen >= view.live_start])
        assert 0 < ids.size < view.notes.n - view.live_start


def test_a_pool_never_reaches_beyond_the_platforms_horizon():
    view = make_view(1_000, 10, seed=2)
    assert build(view, max_age="60d").state_arrays()["ids"][0] == view.live_start


def test_notes_that_age_after_the_refresh_are_still_returned():
    view = make_view(3_000, 100, seed=2)
    pool, requests = build(view, max_age="1h"), make_requests(view, 5)
    later = dataclasses.replace(view, now=view.now + 7_200)
    assert np.array_equal(pool.recall(requests, later), pool.recall(requests, view))
