"""The three-tower pre-ranker: cache, learning, failures, checkpoints."""

import dataclasses

import numpy as np
import pytest

from simulator.contracts.batches import Feedback, Slate
from simulator.contracts.events import N_KINDS, Kind
from simulator.ranking.three_tower.config import ThreeTowerConfig
from simulator.ranking.three_tower.pre_ranker import ThreeTower
from tests.support.platform import (
    make_candidates,
    make_interactions,
    make_requests,
    make_trail,
    make_view,
)

VIEW = make_view(800, 100, seed=3, unknown_share=0.0)
REQUESTS = make_requests(VIEW, 12, 1)
CANDIDATES = make_candidates(VIEW, 12, 60, 1)
VALID = CANDIDATES.note_idx >= 0


def make(**learning):
    knobs = {"fewest_requests": 20, **learning}
    plugin = ThreeTower(ThreeTowerConfig.model_validate({"learning": knobs}))
    plugin.setup(VIEW.spec)
    plugin.nearline(make_interactions(VIEW, 10), VIEW)
    return plugin


def serve(plugin, seed, favourite=0):
    """Show kept notes; readers click exactly those of one category."""
    requests = make_requests(VIEW, 20, seed)
    candidates = make_candidates(VIEW, 20, 60, seed)
    plugin.score(requests, candidates, VIEW)
    trail = make_trail(candidates, keep=10, seed=seed)
    at = np.maximum(trail.kept_at, 0).astype(np.int64)
    notes = np.take_along_axis(trail.ranked.note_idx, at, axis=1)
    notes[np.arange(10) >= trail.n_kept[:, None]] = -1
    actions = np.zeros((*notes.shape, N_KINDS), np.float32)
    liked = VIEW.notes.category[np.maximum(notes, 0)] % 2 == favourite
    actions[..., Kind.CLICK] = (notes >= 0) & liked
    slate = Slate(trail.kept_at, notes, notes.astype(np.float32), np.zeros(notes.shape, np.uint8))
    seen = (notes >= 0).astype(np.uint8)
    feedback = Feedback(seen, actions, actions[..., 0], np.full(20, np.nan))
    plugin.observe(requests, slate, feedback, trail, VIEW)


def learned(rounds=20, **learning):
    plugin = make(epochs=8, **learning)
    for seed in range(rounds):
        serve(plugin, seed)
    job = plugin.jobs[0]
    report = plugin.train(job, VIEW)
    assert report.status == "ok", report
    plugin.publish(job, VIEW)
    return plugin


def test_it_learns_which_notes_are_clicked():
    before, after = (p.score(REQUESTS, CANDIDATES, VIEW) for p in (make(), learned()))
    liked = VIEW.notes.category[np.maximum(CANDIDATES.note_idx, 0)] % 2 == 0
    ratios = [
        np.log(s[VALID & liked]).mean() - np.log(s[VALID & ~liked]).mean() for s in (before, after)
    ]
    assert ratios[1] > ratios[0] + 0.1


def test_a_note_vector_is_computed_once():
    plugin = make()
    plugin.score(REQUESTS, CANDIDATES, VIEW)
    first = plugin.facts()
    notes = np.unique(CANDIDATES.note_idx[VALID])
    assert first["note_tower_misses"] == notes.size
    assert first["note_tower_misses_new"] == (notes >= VIEW.new_start).sum()
    plugin.score(REQUESTS, CANDIDATES, VIEW)
    second = plugin.facts()
    assert second["note_tower_misses"] == first["note_tower_misses"]
    assert second["note_tower_lookups"] == 2 * first["note_tower_lookups"] == 2 * VALID.sum()


def test_a_new_model_makes_every_vector_anew():
    plugin = make()
    for seed in range(20):
        serve(plugin, seed)
    before = plugin.score(REQUESTS, CANDIDATES, VIEW)
    job = plugin.jobs[0]
    assert plugin.train(job, VIEW).status == "ok"
    np.testing.assert_array_equal(plugin.score(REQUESTS, CANDIDATES, VIEW), before)
    plugin.publish(job, VIEW)
    assert (plugin.score(REQUESTS, CANDIDATES, VIEW)[VALID] != before[VALID]).any()


def test_too_few_requests_are_not_learned_from():
    plugin = make(fewest_requests=1_000)
    serve(plugin, 0)
    report = plugin.train(plugin.jobs[0], VIEW)
    assert report.status == "empty"
    assert "it takes 1000" in report.detail


def test_a_diverged_training_leaves_the_last_model_serving():
    plugin = learned()
    before = plugin.score(REQUESTS, CANDIDATES, VIEW)
    broken = VIEW.notes.embedding.copy()
    broken[:] = np.nan
    view = dataclasses.replace(VIEW, notes=dataclasses.replace(VIEW.notes, embedding=broken))
    for seed in range(40, 60):
        serve(plugin, seed)
    report = plugin.train(plugin.jobs[0], view)
    assert report.status == "diverged"
    np.testing.assert_array_equal(plugin.score(REQUESTS, CANDIDATES, VIEW), before)


def test_a_checkpoint_continues_to_the_bit():
    plugin, copy = learned(), make(epochs=8)
    copy.load_state({name: np.array(a) for name, a in plugin.state_arrays().items()})
    for one in (plugin, copy):
        serve(one, 90)
        one.train(one.jobs[0], VIEW)
        one.publish(one.jobs[0], VIEW)
    np.testing.assert_array_equal(
        copy.score(REQUESTS, CANDIDATES, VIEW), plugin.score(REQUESTS, CANDIDATES, VIEW)
    )


@pytest.mark.parametrize("rows", [slice(0, 1), slice(3, 9)])
def test_scores_do_not_depend_on_the_batch(rows):
    from tests.support.platform import slice_requests

    plugin = learned()
    whole = plugin.score(REQUESTS, CANDIDATES, VIEW)
    part = dataclasses.replace(
        CANDIDATES,
        **{
            field.name: getattr(CANDIDATES, field.name)[rows]
            for field in dataclasses.fields(CANDIDATES)
        },
    )
    found = plugin.score(slice_requests(REQUESTS, rows), part, VIEW)
    np.testing.assert_array_equal(found, whole[rows])
