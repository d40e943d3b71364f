"""The two-tower model: what it logs, learns, serves and survives."""

import dataclasses
import math

import numpy as np
import pytest

from recall.two_tower.cold_ids import cold_ids
from recall.two_tower.config import ColdConfig, NegativesConfig, TwoTowerConfig
from recall.two_tower.features import note_features, reader_features
from recall.two_tower.id_table import IdTable
from recall.two_tower.losses import Scores, listwise, pairwise, pointwise
from recall.two_tower.model import TwoTower
from recall.two_tower.weights import SIDES, tower
from recall.vector_source import source_of
from simulator.content.quality import ContentQuality, ContentQualityConfig
from simulator.contracts.batches import Feedback, Slate
from simulator.contracts.errors import PluginError
from simulator.contracts.events import N_KINDS, Kind
from simulator.contracts.learning import VectorModel
from simulator.learning.networks import torch_alone
from tests.support.platform import make_candidates, make_requests, make_trail, make_view

N_NOTES, N_READERS = 800, 120
SMALL = {"min_clicks": 50, "batch_size": 64, "hidden": 16, "dim": 8, "id_dim": 4}
QUICK = {"epochs": 6, "batch_size": 128, "learning_rate": 0.1, "id_learning_rate": 0.2}


@pytest.fixture(scope="module")
def view():
    return make_view(N_NOTES, N_READERS, seed=4, unknown_share=0.0)


def make(view, **knobs):
    model = TwoTower(TwoTowerConfig(**{**SMALL, **knobs}))
    model.setup(view.spec)
    return model


def serve(model, view, seed=0, n_requests=40, taste=True):
    """Show random live notes; readers click those of their own half of the notes."""
    requests = make_requests(view, n_requests, seed)
    candidates = make_candidates(view, n_requests, 60, seed)
    trail = make_trail(candidates, keep=10, seed=seed)
    at = np.maximum(trail.kept_at, 0).astype(np.int64)
    notes = np.take_along_axis(trail.ranked.note_idx, at, axis=1)
    notes[np.arange(10) >= trail.n_kept[:, None]] = -1
    actions = np.zeros((*notes.shape, N_KINDS), np.float32)
    alike = (notes % 2) == (requests.reader_idx[:, None] % 2)
    actions[..., Kind.CLICK] = (notes >= 0) & (alike if taste else True)
    slate = Slate(notes.astype(np.int16), notes, notes.astype(np.float32), np.zeros(1, np.uint8))
    feedback = Feedback((notes >= 0).astype(np.uint8), actions, actions[..., 0], np.zeros(1))
    model.observe(requests, slate, feedback, trail, view)
    return int(actions[..., Kind.CLICK].sum())


def learn(model, view, job="full", times=1):
    for _ in range(times):
        chosen = next(j for j in model.jobs if j.name == job)
        report = model.train(chosen, view)
        if report.status == "ok":
            model.publish(chosen, view)
    return report


def fed(view, rounds=12, **knobs):
    model = make(view, **knobs)
    for seed in range(rounds):
        serve(model, view, seed)
    return model


ROWS = np.arange(N_NOTES - 400, N_NOTES, dtype=np.int32)
READERS = np.arange(N_READERS, dtype=np.int32)


def separation(model, view):
    """Mean score of notes of a reader's own half less that of the others."""
    scores = model.reader_vectors(view, READERS) @ model.note_vectors(view, ROWS, "own").T
    alike = (READERS[:, None] % 2) == (ROWS[None] % 2)
    return float(scores[alike].mean() - scores[~alike].mean())


@pytest.mark.parametrize(
    ("loss", "easy"),
    [
        ("listwise", "in_batch"),
        ("listwise", "sampled"),
        ("pairwise", "in_batch"),
        ("pointwise", "in_batch"),
    ],
)
def test_it_learns_what_only_behaviour_shows(view, loss, easy):
    negatives = NegativesConfig(easy=easy, hard_share=0.0)
    model = fed(view, rounds=16, loss=loss, negatives=negatives, **QUICK)
    assert learn(model, view).status == "ok"
    assert separation(model, view) > 0.15


def test_hinge_and_hard_negatives_learn_too(view):
    model = fed(view, 16, loss="pairwise", pairwise="hinge", **QUICK)
    learn(model, view)
    assert separation(model, view) > 0.2


@pytest.mark.parametrize("side", SIDES)
def test_vectors_are_those_of_the_networks(view, side):
    model = fed(view)
    learn(model, view)
    torch = torch_alone()
    weights = model._weights["serving"]
    if side == "note":
        rows, x = ROWS, note_features(view, ROWS, with_content=True)
        found = model.note_vectors(view, ROWS, "own")
    else:
        rows, x = READERS, reader_features(view, READERS)
        found = model.reader_vectors(view, READERS)
    table = weights.ids[side]
    ids = table.own(rows)
    if side == "reader":
        ids[table.clicks_of(rows) == 0] = table.default[0]
    inputs = torch.from_numpy(np.concatenate([ids, x], axis=1))
    with torch.inference_mode():
        expected = torch.nn.functional.normalize(tower(weights, side)(inputs), dim=1).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_the_batch(view):
    model = fed(view)
    learn(model, view)
    whole = model.reader_vectors(view, READERS)
    for i in (0, 7, N_READERS - 1):
        np.testing.assert_array_equal(model.reader_vectors(view, READERS[i : i + 1])[0], whole[i])


def cold_rows(model):
    table = model._weights["serving"].ids["note"]
    return ROWS[table.clicks_of(ROWS) < model.config.cold.own_clicks]


def test_cold_notes_share_a_vector_borrow_one_or_are_anywhere(view):
    model = fed(view, cold=ColdConfig(own_clicks=4, k=3, lender_impressions=1, lender_clicks=4))
    learn(model, view)
    rows = cold_rows(model)
    table, lenders = model._weights["serving"].ids["note"], model._serving.lenders
    assert 0 < rows.size < ROWS.size
    shared = cold_ids("default", table, lenders, view, rows)
    assert (shared == shared[0]).all()
    borrowed = cold_ids("borrowed", table, lenders, view, rows)
    content, own = view.notes.embedding, table.own(lenders.rows)
    for i in (0, rows.size - 1):
        near = np.argsort(-(content[lenders.rows] @ content[rows[i]]))[:3]
        np.testing.assert_allclose(borrowed[i], own[near].mean(axis=0), atol=1e-6)
    random = cold_ids("random", table, lenders, view, rows)
    assert np.unique(random, axis=0).shape[0] == rows.size
    warm = np.setdiff1d(ROWS, rows)
    vectors = [model.note_vectors(view, warm, cold) for cold in ("own", "default", "borrowed")]
    for other in vectors[1:]:
        np.testing.assert_array_equal(other, vectors[0])


def test_without_enough_lenders_the_default_stands_in(view):
    model = fed(view, cold=ColdConfig(own_clicks=4, lender_impressions=10**9))
    learn(model, view)
    rows = cold_rows(model)
    np.testing.assert_array_equal(
        model.note_vectors(view, rows, "borrowed"), model.note_vectors(view, rows, "default")
    )


def test_incremental_training_touches_id_vectors_alone(view):
    model = fed(view)
    learn(model, view)
    before = model._weights["serving"].copy()
    serve(model, view, seed=77)
    assert learn(model, view, "incremental").status == "ok"
    after = model._weights["serving"]
    for name, array in before.nets.items():
        np.testing.assert_array_equal(after.nets[name], array)
    np.testing.assert_array_equal(after.ids["note"].default, before.ids["note"].default)
    assert (after.ids["note"].vectors != before.ids["note"].vectors).any()


def test_results_serve_only_when_published(view):
    model = fed(view)
    full = model.jobs[0]
    assert model.version == 0
    assert model.train(full, view).status == "ok"
    assert model.version == 0
    with pytest.raises(ValueError, match="no model serves"):
        model.reader_vectors(view, READERS)
    model.publish(full, view)
    assert model.version == 1
    assert isinstance(model, VectorModel)


def test_clicks_are_learned_from_once(view):
    model = fed(view)
    first = learn(model, view)
    n = serve(model, view, seed=50)
    second = learn(model, view)
    assert first.rows > second.rows == n
    assert learn(model, view).status == "empty"


def test_nothing_logged_is_said_and_changes_nothing(view):
    model = make(view)
    assert learn(model, view).status == "empty"
    assert learn(model, view, "incremental").detail == "no full training has served yet"
    model = fed(view)
    learn(model, view)
    before = model.reader_vectors(view, READERS)
    assert learn(model, view).status == "empty"
    np.testing.assert_array_equal(model.reader_vectors(view, READERS), before)


def test_a_loss_that_is_not_finite_leaves_the_last_model_serving(view):
    model = fed(view)
    learn(model, view)
    before = model.reader_vectors(view, READERS)
    serve(model, view, seed=60)
    model._log._replay._columns["x"][:] = np.nan
    report = learn(model, view)
    assert report.status == "diverged"
    np.testing.assert_array_equal(model.reader_vectors(view, READERS), before)
    assert model.version == 1
    serve(model, view, seed=61)
    assert learn(model, view).status == "ok"
    assert np.isfinite(model.reader_vectors(view, READERS)).all()


def test_a_checkpoint_continues_to_the_bit(view):
    model, copy = fed(view), make(view)
    learn(model, view)
    model.train(model.jobs[0], view)
    serve(model, view, seed=70)
    model.train(model.jobs[1], view)
    copy.load_state({name: array.copy() for name, array in model.state_arrays().items()})
    for one in (model, copy):
        one.publish(one.jobs[1], view)
        serve(one, view, seed=71)
        learn(one, view)
    assert copy.version == model.version
    for cold in ("own", "default", "borrowed"):
        np.testing.assert_array_equal(
            copy.note_vectors(view, ROWS, cold), model.note_vectors(view, ROWS, cold)
        )
    np.testing.assert_array_equal(
        copy.reader_vectors(view, READERS), model.reader_vectors(view, READERS)
    )


def test_hard_negatives_are_what_the_funnel_rejected(view):
    model = make(view)
    requests = make_requests(view, 5, 3)
    candidates = make_candidates(view, 5, 60, 3)
    trail = make_trail(candidates, keep=10, seed=3)
    serve_rows = np.take_along_axis(
        trail.ranked.note_idx, np.maximum(trail.kept_at, 0).astype(np.int64), axis=1
    )
    actions = np.zeros((5, 10, N_KINDS), np.float32)
    actions[:, 0, Kind.CLICK] = 1
    slate = Slate(serve_rows.astype(np.int16), serve_rows, actions[..., 0], np.zeros(1, np.uint8))
    feedback = Feedback(np.ones((5, 10), np.uint8), actions, actions[..., 0], np.zeros(1))
    model.observe(requests, slate, feedback, trail, view)
    clicks = model._log.since(0)
    assert clicks.n == 5
    for i in range(5):
        ranked = set(trail.ranked.note_idx[i, : trail.ranked.n[i]].tolist())
        kept = {int(trail.ranked.note_idx[i, c]) for c in trail.kept_at[i] if c >= 0}
        every = set(candidates.note_idx[i, : candidates.n[i]].tolist())
        assert clicks.note[i] in kept
        for place, note in enumerate(clicks.hard[i].tolist()):
            assert note == -1 or note in (ranked - kept if place % 2 else every - ranked)


def test_id_tables_move_with_the_platform():
    table = IdTable.empty(3, (1, "t"))
    table.move(10, 20)
    table.vectors[:] = np.arange(10)[:, None]
    table.count(np.array([12, 12, 19]))
    table.move(12, 25)
    assert (table.first, table.end) == (12, 25)
    rows = np.array([12, 19, 11, 24, 40], np.int32)
    np.testing.assert_array_equal(table.own(rows[:2])[:, 0], [2, 9])
    np.testing.assert_array_equal(table.clicks_of(rows), [2, 1, 0, 0, 0])
    other = IdTable.empty(3, (1, "t"))
    np.testing.assert_array_equal(table.own(rows[2:]), other.own(rows[2:]))


def scores_of(seed=0, b=4, pool=6, h=2):
    torch = torch_alone()
    rng = np.random.default_rng(seed)
    made = {
        name: torch.from_numpy(rng.standard_normal(shape).astype(np.float32))
        for name, shape in (
            ("clicked", b), ("easy", (b, pool)), ("hard", (b, h)), ("log_p", b),
            ("log_p_easy", pool), ("log_q_hard", (b, h)),
        )
    }  # fmt: skip
    masks = {
        "easy_mask": torch.from_numpy(rng.random((b, pool)) < 0.7),
        "hard_mask": torch.from_numpy(rng.random((b, h)) < 0.7),
    }
    return Scores(**made, **masks)


def test_the_listwise_loss_is_a_corrected_softmax():
    scores = scores_of()
    found = listwise(scores, 0.0).numpy()
    for i in range(4):
        own = float(scores.clicked[i] - scores.log_p[i])
        others = [
            float(scores.easy[i, j] - scores.log_p_easy[j]) for j in range(6)
            if scores.easy_mask[i, j]
        ]  # fmt: skip
        expected = math.log(sum(map(math.exp, [own, *others]))) - own
        assert found[i] == pytest.approx(expected, rel=1e-5)


def test_better_clicked_scores_lower_every_loss():
    scores = scores_of()
    better = dataclasses.replace(scores, clicked=scores.clicked + 1)
    bias = torch_alone().zeros(1)
    for loss in (
        lambda s: listwise(s, 0.5),
        lambda s: pairwise(s, "logistic", 0.0, 2, 0.5),
        lambda s: pointwise(s, bias, 2, 0.5),
    ):
        assert (loss(better) < loss(scores)).all()


def test_only_models_with_vectors_can_be_searched(view):
    other = ContentQuality(ContentQualityConfig())
    other.setup(view.spec)
    with pytest.raises(PluginError, match="has no vectors"):
        source_of("content_quality", "default", {"content_quality": other})


@pytest.mark.parametrize(
    "knobs", [{"full_at": "2d"}, {"incremental_every": "5min", "incremental_delay": "10min"}]
)
def test_rhythms_that_do_not_fit_are_refused(knobs):
    with pytest.raises(ValueError, match="must be below"):
        TwoTowerConfig(**knobs)
