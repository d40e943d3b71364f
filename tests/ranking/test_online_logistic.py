import dataclasses

import numpy as np
import pytest

from simulator.contracts.batches import Candidates, Feedback, Slate
from simulator.contracts.events import N_HEADS, N_KINDS, Head, Kind
from simulator.ranking.features import FEATURES, N_FEATURES
from simulator.ranking.online_logistic import OnlineLogistic, OnlineLogisticConfig
from simulator.ranking.training import Fit, prior_weights
from tests.ranking.scenes import make_feedback
from tests.support.platform import (
    freeze,
    make_candidates,
    make_requests,
    make_view,
    slice_requests,
)

VIEW = make_view(1_500, 200, seed=4)


def build(**config):
    ranker = OnlineLogistic(OnlineLogisticConfig(**config))
    ranker.setup(VIEW.spec)
    ranker.nearline(None, VIEW)
    return ranker


def with_weights(ranker, weights):
    """Give a ranker weights as if it had learned them."""
    ranker._fit = Fit(weights, 1.3, 0)
    ranker._split()
    ranker._statistics.reweigh(ranker._note_weights(), VIEW.live_start)
    return ranker


def random_weights(seed=0):
    weights = prior_weights()
    weights[:, 1:] += np.random.default_rng(seed).normal(0, 0.15, (N_HEADS, N_FEATURES - 1))
    return weights


def first_slots(candidates, n_slots=10):
    """A slate of the first candidates."""
    column = np.tile(np.arange(n_slots, dtype=np.int16), (candidates.note_idx.shape[0], 1))
    note_idx = np.ascontiguousarray(candidates.note_idx[:, :n_slots])
    shape = column.shape
    return Slate(column, note_idx, np.zeros(shape, np.float32), np.zeros(shape, np.uint8))


def test_logged_features_give_back_the_scores():
    ranker = with_weights(build(), random_weights())
    requests, candidates = make_requests(VIEW, 12), make_candidates(VIEW, 12, 30)
    p, _ = ranker.predict(requests, candidates, VIEW)
    slate = first_slots(candidates)
    feedback = make_feedback(slate)
    ranker.observe(requests, slate, feedback, None, VIEW)
    rows, labels = ranker._log.stored()
    b, s = np.nonzero(feedback.examined)
    served = p[b, slate.column[b, s]]
    z = rows.astype(float) @ ranker._serving_weights().T.astype(float)
    np.testing.assert_allclose(1 / (1 + np.exp(-z[:, :5])), served[:, :5], rtol=2e-4)
    np.testing.assert_allclose(np.expm1(np.maximum(z[:, 5], 0)), served[:, 5], rtol=2e-4)
    actions = feedback.actions[b, s]
    np.testing.assert_array_equal(labels[:, :5], actions[:, Kind.CLICK : Kind.SHARE + 1])
    np.testing.assert_allclose(labels[:, 5], np.log1p(actions[:, Kind.DWELL]), rtol=1e-6)


def test_logged_pair_and_reader_features_follow_their_definitions():
    ranker = build()
    requests, candidates = make_requests(VIEW, 6), make_candidates(VIEW, 6, 30)
    slate = first_slots(candidates)
    feedback = make_feedback(slate)
    ranker.observe(requests, slate, feedback, None, VIEW)
    b, s = np.nonzero(feedback.examined)
    reader, note = requests.reader_idx[b], slate.note_idx[b, s]
    readers, notes, rate = VIEW.readers, VIEW.notes, ranker._statistics.rates[0]
    shown, clicked = (readers.totals[reader, k].astype(float) for k in (0, 1))
    smoothed = (clicked + 50 * rate) / (shown + 50)
    affinity = (readers.vector[reader] * notes.embedding[note]).sum(axis=1)
    share = readers.category_profile[reader, notes.category[note]] * VIEW.spec.n_categories
    expected = {
        "reader_ctr": np.log(smoothed / (1 - smoothed)) - np.log(rate / (1 - rate)),
        "experience": np.log1p(clicked),
        "session_depth": np.log1p(requests.request_no[b]),
        "affinity": affinity,
        "affinity_new": affinity * (note >= VIEW.new_start),
        "affinity_experience": affinity * np.log1p(clicked),
        "category": np.log(share + 0.1),
    }
    rows, _ = ranker._log.stored()
    for name, values in expected.items():
        np.testing.assert_allclose(rows[:, FEATURES.index(name)], values, rtol=1e-4, atol=1e-5)


def test_fused_values_follow_their_formulas():
    requests, candidates = make_requests(VIEW, 5), make_candidates(VIEW, 5, 20)
    valid = candidates.note_idx >= 0
    weights = {"like": 2.0, "collect": 3.0, "comment": 5.0, "share": 7.0, "dwell": 0.5}
    for rule in ("click_times_sum", "weighted_sum"):
        ranker = build(fusion={"rule": rule, **weights})
        p, value = ranker.predict(requests, candidates, VIEW)
        extra = p[..., 1:5] @ np.float32([2, 3, 5, 7]) + 0.5 * np.log1p(p[..., 5])
        click = p[..., Head.CLICK]
        expected = click * (1 + extra) if rule == "click_times_sum" else click + extra
        np.testing.assert_allclose(value[valid], expected[valid], rtol=1e-5)
        assert (value[valid] > 0).all()
        assert not value[~valid].any()


def test_predictions_do_not_depend_on_the_batch():
    ranker = with_weights(build(), random_weights())
    requests, candidates = make_requests(VIEW, 9), make_candidates(VIEW, 9, 40)
    p, value = ranker.predict(requests, candidates, VIEW)
    for b in range(9):
        row = slice(b, b + 1)
        one = Candidates(candidates.note_idx[row], candidates.channels[row], candidates.n[row])
        p_alone, value_alone = ranker.predict(slice_requests(requests, row), one, VIEW)
        assert p_alone.tobytes() == p[row].tobytes()
        assert value_alone.tobytes() == value[row].tobytes()


def test_extreme_weights_stay_finite():
    weights = np.sign(random_weights(1)) * 40
    ranker = with_weights(build(), weights)
    requests, candidates = make_requests(VIEW, 9), make_candidates(VIEW, 9, 40)
    p, value = ranker.predict(requests, candidates, VIEW)
    assert np.isfinite(p).all()
    assert np.isfinite(value).all()
    assert (value[candidates.note_idx >= 0] > 0).all()


def live_through(ranker, truth, n_batches, seed):
    """Serve random slates, let readers act as `truth` predicts, log it."""
    for batch in range(n_batches):
        requests = make_requests(VIEW, 400, seed + batch)
        candidates = make_candidates(VIEW, 400, 20, seed + batch)
        slate = first_slots(candidates)
        p = truth.predict(requests, candidates, VIEW)[0][:, :10].astype(float)
        ranker.observe(requests, slate, act(p, slate, seed + batch), None, VIEW)


def act(p, slate, seed):
    rng = np.random.default_rng([seed, 43])
    actions = np.zeros((*slate.note_idx.shape, N_KINDS), np.float32)
    actions[..., Kind.CLICK : Kind.SHARE + 1] = rng.random((*p.shape[:2], 5)) < p[..., :5]
    actions[..., Kind.LIKE :] *= actions[..., Kind.CLICK, None]
    noise = np.exp(rng.normal(-0.32, 0.8, p.shape[:2]))
    actions[..., Kind.DWELL] = p[..., 5] * noise * actions[..., Kind.CLICK]
    examined = (slate.note_idx >= 0).astype(np.uint8)
    return freeze(Feedback(examined, actions, examined.astype(np.float32), np.zeros(len(p))))


@pytest.mark.statistical
def test_learns_what_readers_do_and_is_calibrated():
    weights = prior_weights()
    rng = np.random.default_rng(8)
    weights[:5, 0] += [0.8, 0.5, -0.4, 0.9, 0.9]
    weights[:, 1:] += rng.normal(0, 0.15, (N_HEADS, N_FEATURES - 1))
    large = [FEATURES.index(name) for name in ("impressions", "impressions_24h", "age")]
    weights[:, large] /= 10
    weights[:, FEATURES.index("experience")] = 0
    weights[Head.DWELL, 1:] = prior_weights()[Head.DWELL, 1:]
    truth, ranker = with_weights(build(), weights), build()
    live_through(ranker, truth, 12, 100)
    before = ranker.predict(make_requests(VIEW, 300, 5), make_candidates(VIEW, 300, 20, 5), VIEW)[0]
    ranker.train(ranker.jobs[0], VIEW)
    requests, candidates = make_requests(VIEW, 2_000, 999), make_candidates(VIEW, 2_000, 20, 999)
    valid = candidates.note_idx >= 0
    expected = truth.predict(requests, candidates, VIEW)[0][valid].astype(float)
    found = ranker.predict(requests, candidates, VIEW)[0][valid].astype(float)
    assert before[..., Head.CLICK].mean() < 0.8 * expected[:, Head.CLICK].mean()
    click, clicked = found[:, 0], expected[:, 0]
    assert click.mean() == pytest.approx(clicked.mean(), rel=0.05)
    for part in np.array_split(np.argsort(click), 5):
        assert click[part].mean() == pytest.approx(clicked[part].mean(), rel=0.05)
    for head in range(1, N_HEADS):
        observed = (clicked * expected[:, head]).sum() / clicked.sum()
        predicted = (clicked * found[:, head]).sum() / clicked.sum()
        assert predicted == pytest.approx(observed, rel=0.15), Head(head)
    assert np.corrcoef(np.log(click), np.log(clicked))[0, 1] > 0.95


def test_training_reaches_scores_and_survives_a_checkpoint():
    requests, candidates = make_requests(VIEW, 200, 3), make_candidates(VIEW, 200, 20, 3)
    ranker = build()
    slate = first_slots(candidates)
    ranker.observe(requests, slate, make_feedback(slate, click=0.4), None, VIEW)
    before = ranker.predict(requests, candidates, VIEW)[0]
    ranker.train(ranker.jobs[0], VIEW)
    after = ranker.predict(requests, candidates, VIEW)[0]
    valid = candidates.note_idx >= 0
    assert after[valid, Head.CLICK].mean() > 1.5 * before[valid, Head.CLICK].mean()
    copy = OnlineLogistic(OnlineLogisticConfig())
    copy.setup(VIEW.spec)
    copy.load_state(ranker.state_arrays())
    assert copy.predict(requests, candidates, VIEW)[0].tobytes() == after.tobytes()
    for one in (ranker, copy):
        one.observe(requests, slate, make_feedback(slate, seed=2), None, VIEW)
        one.train(one.jobs[0], VIEW)
    a, b = (one.predict(requests, candidates, VIEW)[0] for one in (ranker, copy))
    assert a.tobytes() == b.tobytes()


def test_memory_is_bounded():
    ranker = build(training_rows=1_000)
    requests, candidates = make_requests(VIEW, 100, 3), make_candidates(VIEW, 100, 20, 3)
    slate = first_slots(candidates)
    for seed in range(4):
        ranker.observe(requests, slate, make_feedback(slate, seed), None, VIEW)
    assert ranker._log.n == 1_000
    assert ranker._log.rows.shape[0] == 1_000


def test_an_unexamined_slate_teaches_nothing():
    ranker = build()
    requests, candidates = make_requests(VIEW, 5, 3), make_candidates(VIEW, 5, 20, 3)
    slate = first_slots(candidates)
    nothing = dataclasses.replace(make_feedback(slate), examined=np.zeros((5, 10), np.uint8))
    ranker.observe(requests, slate, nothing, None, VIEW)
    ranker.train(ranker.jobs[0], VIEW)
    assert ranker._log.n == 0
    np.testing.assert_array_equal(ranker._fit.weights, prior_weights())
