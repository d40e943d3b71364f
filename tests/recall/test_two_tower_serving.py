"""What a two-tower model serves from: caches, lenders, and which result may replace which."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recall.two_tower.batches import make_batches, usable
from recall.two_tower.cold_ids import Lenders
from recall.two_tower.config import ColdConfig, NegativesConfig
from recall.two_tower.examples import Clicks
from recall.two_tower.row_cache import RowCache
from recall.two_tower.serving import Serving
from simulator.contracts.events import Kind
from tests.recall.test_two_tower import READERS, ROWS, fed, learn, make, serve
from tests.support.platform import make_view

VIEW = make_view(800, 120, seed=4, unknown_share=0.0)
LENDING = ColdConfig(own_clicks=4, k=3, lender_impressions=1, lender_clicks=4)


def vectors_of(serving):
    found = [serving.note_vectors(VIEW, ROWS, how) for how in ("own", "default", "borrowed")]
    return np.stack([*found, serving.note_vectors(VIEW, ROWS, "random")])


def anew(model):
    """Serve the same weights with nothing computed before."""
    serving = model._serving
    table = serving.weights.ids["note"]
    lenders = Lenders(serving.lenders.rows, model.config.cold.k, table.first)
    return Serving(serving.weights, model.config, lenders)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), max_size=9), max_size=8), st.integers(0, 30))
def test_a_cache_changes_nothing_and_computes_a_row_once(queries, first):
    asked = []

    def compute(rows):
        asked.extend(rows.tolist())
        return np.stack([rows, 2 * rows], axis=1).astype(np.int32)

    cache = RowCache(first, 2, np.int32)
    for query in queries:
        rows = np.unique(np.array(query, np.int32))
        np.testing.assert_array_equal(cache.get(rows, compute)[:, 1], 2 * rows)
    kept = [row for row in asked if row >= first]
    if all(not query or min(query) >= first for query in queries):
        assert len(kept) == len(set(kept))
        assert cache.known().tolist() == sorted(kept)


def test_updates_of_id_vectors_reach_every_vector_that_depends_on_them():
    model = fed(VIEW, cold=LENDING)
    learn(model, VIEW)
    before = vectors_of(model._serving)
    for seed in (80, 81):
        serve(model, VIEW, seed=seed)
        learn(model, VIEW, "incremental")
    after = vectors_of(model._serving)
    assert (after != before).any(axis=(1, 2))[[0, 2]].all()
    np.testing.assert_array_equal(after, vectors_of(anew(model)))


def test_cold_notes_that_share_an_id_vector_differ_by_content_alone():
    model = fed(VIEW, note_content=False, cold=ColdConfig(own_clicks=10_000))
    learn(model, VIEW)
    found = model.note_vectors(VIEW, ROWS, "default")
    kinds = VIEW.notes.category[ROWS] * 2 + VIEW.notes.is_video[ROWS]
    for kind in np.unique(kinds):
        assert np.unique(found[kinds == kind], axis=0).shape[0] == 1
    assert np.unique(model.note_vectors(VIEW, ROWS, "random"), axis=0).shape[0] == ROWS.size


def test_lenders_were_seen_often_and_clicked_in_training():
    model = fed(VIEW, cold=LENDING)
    learn(model, VIEW)
    table, rows = model._weights["serving"].ids["note"], model._serving.lenders.rows
    assert rows.size
    assert (table.clicks_of(rows) >= 4).all()
    assert (VIEW.notes.impressions[rows] >= 1).all()
    assert (rows >= VIEW.live_start).all()


def test_an_update_of_old_towers_never_replaces_newer_ones():
    model = fed(VIEW)
    full, incremental = model.jobs
    learn(model, VIEW)
    serve(model, VIEW, seed=61)
    assert model.train(full, VIEW).status == "ok"
    serve(model, VIEW, seed=62)
    assert model.train(incremental, VIEW).status == "ok"
    model.publish(full, VIEW)
    vectors, version = model.reader_vectors(VIEW, READERS).copy(), model.version
    model.publish(incremental, VIEW)
    assert model.version == version
    np.testing.assert_array_equal(model.reader_vectors(VIEW, READERS), vectors)


def test_clicks_that_came_while_a_model_was_made_are_made_up_for():
    model = fed(VIEW)
    full, incremental = model.jobs
    learn(model, VIEW)
    serve(model, VIEW, seed=61)
    model.train(full, VIEW)
    n = serve(model, VIEW, seed=62)
    model.train(incremental, VIEW)
    model.publish(full, VIEW)
    assert model.train(incremental, VIEW).rows == n


def test_generations_count_towers_and_versions_everything():
    model = fed(VIEW)
    assert (model.version, model.generation) == (0, 0)
    learn(model, VIEW)
    serve(model, VIEW, seed=61)
    learn(model, VIEW, "incremental")
    assert (model.version, model.generation) == (2, 1)


def test_channels_that_ask_for_the_same_requests_share_vectors():
    model = fed(VIEW)
    learn(model, VIEW)
    first = model.reader_vectors(VIEW, READERS)
    assert model.reader_vectors(VIEW, READERS) is first
    later = dataclasses.replace(VIEW)
    assert model.reader_vectors(later, READERS) is not first
    serve(model, VIEW, seed=61)
    learn(model, VIEW)
    assert not np.array_equal(model.reader_vectors(VIEW, READERS), first)


def test_readers_without_a_click_share_an_id_vector():
    model = make(VIEW)
    for seed in range(12):
        serve(model, VIEW, seed)
    learn(model, VIEW)
    table = model._weights["serving"].ids["reader"]
    table.clicks[:60] = 0
    changed = table.vectors.copy()
    changed[:60] += 1
    before = model.reader_vectors(VIEW, READERS)
    table.vectors[:] = changed
    np.testing.assert_array_equal(model.reader_vectors(dataclasses.replace(VIEW), READERS), before)


def some_clicks(n=40, seed=0):
    rng = np.random.default_rng(seed)
    first, last = VIEW.live_start, VIEW.notes.n
    hard = rng.integers(first, last, (n, 2)).astype(np.int32)
    hard[rng.random((n, 2)) < 0.3] = -1
    return Clicks(
        reader=rng.integers(0, VIEW.readers.n, n).astype(np.int32),
        note=rng.integers(first, last, n).astype(np.int32),
        weight=np.ones(n, np.float32),
        hard=hard,
        x=np.zeros((n, 3), np.float32),
    )


@pytest.mark.parametrize("easy", ["in_batch", "sampled"])
def test_batches_name_every_row_once(easy):
    clicks = some_clicks()
    batches = make_batches(clicks, NegativesConfig(easy=easy), VIEW, np.random.default_rng(1))
    np.testing.assert_array_equal(batches.notes[batches.note_at], clicks.note)
    np.testing.assert_array_equal(batches.readers[batches.reader_at], clicks.reader)
    there = batches.hard.is_there
    np.testing.assert_array_equal(batches.notes[batches.hard.at][there], clicks.hard[there])
    assert (np.diff(batches.notes) > 0).all()
    counts = np.bincount(clicks.note)
    if easy == "in_batch":
        np.testing.assert_allclose(np.exp(batches.log_p), counts[clicks.note] / 40, rtol=1e-5)
    assert (batches.easy is None) == (easy == "in_batch")


def test_easy_negatives_are_drawn_by_clicks_to_the_three_quarters():
    clicks = some_clicks(40_000)
    config = NegativesConfig(easy="sampled", n=1)
    batches = make_batches(clicks, config, VIEW, np.random.default_rng(1))
    drawn = np.bincount(batches.notes[batches.easy.at].ravel(), minlength=VIEW.notes.n)
    share = np.maximum(VIEW.notes.totals[VIEW.live_start :, Kind.CLICK], 0.5) ** 0.75
    expected = 40_000 * share / share.sum()
    chi2 = ((drawn[VIEW.live_start :] - expected) ** 2 / expected).sum()
    assert chi2 < expected.size + 5 * np.sqrt(2 * expected.size)


def test_notes_that_left_the_platform_teach_nothing():
    clicks = some_clicks()
    first = int(np.median(clicks.note))
    kept = usable(clicks, first)
    assert 0 < kept.n < clicks.n
    assert (kept.note >= first).all()
    assert ((kept.hard == -1) | (kept.hard >= first)).all()
