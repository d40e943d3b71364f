"""The quality head: learns from outcomes, is judged on later notes, keeps what served."""

import dataclasses

import numpy as np
import pytest

from simulator.content.quality import ContentQuality, ContentQualityConfig, auc
from simulator.contracts.events import DAY_S, Kind
from simulator.contracts.learning import NoteScorer
from tests.support.platform import freeze, make_view

JOB = ContentQuality(ContentQualityConfig()).jobs[0]


def view_of(strength=1.5, n_notes=4_000, seed=0, n_impressions=400):
    """A platform on which one direction of the embedding makes notes click."""
    view = make_view(n_notes, 50, seed)
    rng = np.random.default_rng([seed, 99])
    totals = np.zeros_like(view.notes.totals)
    logit = -2 + strength * np.sqrt(32) / 3 * view.notes.embedding[:, 0]
    clicks = rng.binomial(n_impressions, 1 / (1 + np.exp(-logit)))
    totals[:, Kind.IMPRESSION], totals[:, Kind.CLICK] = n_impressions, clicks
    return dataclasses.replace(view, notes=freeze(dataclasses.replace(view.notes, totals=totals)))


def head(view, **knobs):
    model = ContentQuality(ContentQualityConfig(**knobs))
    model.setup(view.spec)
    return model


def learn(model, view):
    report = model.train(JOB, view)
    if report.status == "ok":
        model.publish(JOB, view)
    return report


def test_it_is_a_note_scorer_that_knows_nothing_at_first():
    view = view_of()
    model = head(view)
    assert isinstance(model, NoteScorer)
    rows = np.arange(10, dtype=np.int32)
    assert (model.note_scores(view, rows) == np.float32(0.1)).all()


def test_it_orders_notes_that_it_has_never_seen():
    view, other = view_of(), view_of(seed=1)
    model = head(view)
    assert learn(model, view).status == "ok"
    rows = np.arange(other.live_start, other.notes.n, dtype=np.int32)
    rate = other.notes.totals[rows, Kind.CLICK]
    assert auc(model.note_scores(other, rows).astype(float), rate > np.quantile(rate, 0.9)) > 0.75


def test_content_that_says_nothing_orders_nothing():
    view, other = view_of(strength=0), view_of(strength=0, seed=1)
    model = head(view)
    learn(model, view)
    rows = np.arange(other.live_start, other.notes.n, dtype=np.int32)
    rate = other.notes.totals[rows, Kind.CLICK]
    found = auc(model.note_scores(other, rows).astype(float), rate > np.quantile(rate, 0.9))
    assert 0.42 < found < 0.58


def test_probabilities_are_calibrated():
    view = view_of()
    model = head(view)
    learn(model, view)
    rows = np.arange(view.live_start, view.first_younger_than(DAY_S), dtype=np.int32)
    assert model.note_scores(view, rows).mean() == pytest.approx(0.1, abs=0.02)


def test_a_report_judges_the_serving_model_on_later_notes():
    view = view_of()
    model = head(view)
    assert learn(model, view).detail == ""
    again = model.train(JOB, view)
    assert again.detail == ""
    later = dataclasses.replace(view, now=view.now + 2 * DAY_S)
    assert model.train(JOB, later).detail.startswith("AUC 0.")


def test_results_wait_until_they_are_published():
    view = view_of()
    model = head(view)
    rows = np.arange(100, dtype=np.int32)
    model.train(JOB, view)
    assert (model.note_scores(view, rows) == np.float32(0.1)).all()
    model.publish(JOB, view)
    assert model.note_scores(view, rows).std() > 0


def test_too_few_outcomes_leave_the_last_model_in_place():
    view = view_of()
    model = head(view)
    learn(model, view)
    rows = np.arange(100, dtype=np.int32)
    before = model.note_scores(view, rows)
    unseen = dataclasses.replace(view.notes, totals=np.zeros_like(view.notes.totals))
    report = learn(model, dataclasses.replace(view, notes=freeze(unseen)))
    assert report.status == "empty"
    assert "0 notes of known outcome" in report.detail
    np.testing.assert_array_equal(model.note_scores(view, rows), before)


def test_embeddings_that_are_not_finite_never_serve():
    view = view_of()
    model = head(view)
    learn(model, view)
    broken = view.notes.embedding.copy()
    broken[-1_500:, 3] = np.nan
    notes = freeze(dataclasses.replace(view.notes, embedding=broken))
    assert learn(model, dataclasses.replace(view, notes=notes)).status == "diverged"
    assert np.isfinite(model.note_scores(view, np.arange(100, dtype=np.int32))).all()


def test_a_checkpoint_continues():
    view = view_of()
    model, copy = head(view), head(view)
    model.train(JOB, view)
    copy.load_state(model.state_arrays())
    for one in (model, copy):
        one.publish(JOB, view)
    rows = np.arange(200, dtype=np.int32)
    np.testing.assert_array_equal(copy.note_scores(view, rows), model.note_scores(view, rows))


def test_a_note_scores_the_same_in_any_company():
    view = view_of()
    model = head(view)
    learn(model, view)
    rows = np.arange(300, dtype=np.int32)
    alone = np.concatenate([model.note_scores(view, rows[i : i + 1]) for i in range(300)])
    np.testing.assert_array_equal(alone, model.note_scores(view, rows))


def test_auc_against_all_pairs():
    rng = np.random.default_rng(1)
    score, positive = rng.integers(0, 6, 60).astype(float), rng.random(60) < 0.3
    wins = score[positive][:, None] - score[~positive][None]
    assert auc(score, positive) == pytest.approx(((wins > 0) + (wins == 0) / 2).mean())
    assert np.isnan(auc(score, np.zeros(60, bool)))
