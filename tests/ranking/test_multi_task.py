"""Multi-task rankers: what is served is what torch computes, and what they promise beside."""

import dataclasses

import numpy as np
import pytest

from simulator.contracts.batches import Candidates, Slate
from simulator.contracts.events import Head
from simulator.ranking.multi_task.batches import Batches
from simulator.ranking.multi_task.esmm import Esmm
from simulator.ranking.multi_task.examples import columns_of
from simulator.ranking.multi_task.inputs import LOGGED
from simulator.ranking.multi_task.mmoe import Mmoe
from simulator.ranking.multi_task.network import build, logits, used_pairs
from simulator.ranking.multi_task.ple import Ple
from simulator.ranking.multi_task.shared_bottom import SharedBottom
from simulator.ranking.online_logistic import OnlineLogistic
from tests.ranking.scenes import make_feedback
from tests.support.platform import freeze, make_candidates, make_requests, make_view

VIEW = make_view(1_200, 150, seed=4)
CLASSES = [SharedBottom, Mmoe, Ple, Esmm]
EVERY = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.Config().type)


def make(cls, view=VIEW, **knobs):
    ranker = cls(cls.Config(**knobs))
    ranker.setup(view.spec)
    ranker.nearline(None, view)
    return ranker


def with_random_weights(ranker, seed=0, spread=0.3):
    """Give a ranker a network as if it had learned it."""
    serving = ranker._trainer.serving
    rng = np.random.default_rng(seed)
    network = {
        name: (a + spread * rng.standard_normal(a.shape)).astype(np.float32)
        for name, a in serving.network.items()
    }
    ranker._trainer.serving = dataclasses.replace(serving, network=network, smearing=1.3)
    ranker._weights = ranker._fold()
    ranker._notes.reweigh(ranker._weights)
    return ranker


def first_slots(candidates, n_slots=10):
    """A slate of the first candidates."""
    note_idx = np.ascontiguousarray(candidates.note_idx[:, :n_slots])
    column = np.where(note_idx >= 0, np.arange(n_slots), -1).astype(np.int16)
    shape = column.shape
    return Slate(column, note_idx, np.zeros(shape, np.float32), np.zeros(shape, np.uint8))


def serve(ranker, seed=0, n=12, view=VIEW, click=0.3):
    """Serve random candidates, log random feedback; return predictions of what was examined."""
    requests, candidates = make_requests(view, n, seed), make_candidates(view, n, 30, seed)
    p, _ = ranker.predict(requests, candidates, view)
    slate = first_slots(candidates)
    feedback = make_feedback(slate, seed, click)
    ranker.observe(requests, slate, feedback, None, view)
    request, slot = np.nonzero(feedback.examined)
    return p[request, slate.column[request, slot]]


def logged(ranker):
    """Logged features and labels."""
    row = ranker._examples.replay.latest()["row"]
    features, _, label, *_ = columns_of(row, VIEW.spec.embedding_dim)
    return features, label


@EVERY
@pytest.mark.parametrize("knobs", [{}, {"width": 7, "interactions": 0}])
def test_served_predictions_are_what_torch_computes_from_the_log(cls, knobs):
    ranker = with_random_weights(make(cls, **knobs))
    served = np.concatenate([serve(ranker, seed) for seed in range(3)])
    data = Batches(ranker._examples.replay.latest(), VIEW, ranker._shape)
    assert data.n == len(served)
    network = build(ranker._trainer.serving.network)
    z = logits(network, ranker._shape, data.batch(np.arange(data.n))).detach().numpy()
    z = z.astype(float).clip(-20, 20)
    np.testing.assert_allclose(served[:, :5], 1 / (1 + np.exp(-z[:, :5])), rtol=1e-4, atol=1e-6)
    seconds = np.expm1(np.maximum(z[:, 5] + np.log(1.3), 0))
    np.testing.assert_allclose(served[:, Head.DWELL], seconds, rtol=3e-4, atol=1e-3)


@EVERY
def test_extreme_weights_give_finite_positive_values(cls):
    ranker = with_random_weights(make(cls), spread=30.0)
    requests, candidates = make_requests(VIEW, 9), make_candidates(VIEW, 9, 30)
    p, value = ranker.predict(requests, candidates, VIEW)
    assert np.isfinite(p).all()
    assert np.isfinite(value).all()
    assert (value[candidates.note_idx >= 0] > 0).all()


@EVERY
def test_before_training_it_ranks_as_the_linear_ranker_does(cls):
    requests, candidates = make_requests(VIEW, 30), make_candidates(VIEW, 30, 30)
    click = make(cls).predict(requests, candidates, VIEW)[0][..., Head.CLICK]
    prior = make(OnlineLogistic).predict(requests, candidates, VIEW)[0][..., Head.CLICK]
    for b in range(30):
        shown = candidates.note_idx[b] >= 0
        np.testing.assert_array_equal(np.argsort(click[b, shown]), np.argsort(prior[b, shown]))


@EVERY
def test_untrained_predictions_lie_around_the_rates_of_the_platform(cls):
    ranker = make(cls)
    p = np.concatenate([serve(ranker, seed) for seed in range(4)])
    rates = ranker._notes.rates
    assert (np.median(p, axis=0) > 0.3 * rates).all()
    assert (np.median(p, axis=0) < 3 * rates).all()


def test_logged_features_are_those_of_the_linear_ranker_and_repetition():
    ranker, linear = make(Mmoe), make(OnlineLogistic)
    for plugin in (ranker, linear):
        serve(plugin, 3)
    features, label = logged(ranker)
    rows, labels = linear._log.stored()
    np.testing.assert_array_equal(features[:, : len(LOGGED) - 1], rows)
    np.testing.assert_array_equal(label, labels)


def session_scene(session_no, request_no):
    """One reader asks; candidates are 20 notes of one category."""
    requests = make_requests(VIEW, 1)
    requests = dataclasses.replace(
        requests,
        session_no=np.array([session_no], np.int32),
        request_no=np.array([request_no], np.int32),
    )
    live = np.arange(VIEW.live_start, VIEW.notes.n)
    same = live[VIEW.notes.category[live] == 3][:20].astype(np.int32)[None]
    candidates = Candidates(same, np.zeros(same.shape, np.uint32), np.array([20], np.int32))
    return freeze(requests), freeze(candidates)


def test_repetition_counts_what_was_examined_in_the_session_that_goes_on():
    ranker = make(Mmoe)
    seen = []
    for session, request in ((100, 0), (100, 1), (100, 2), (101, 0)):
        requests, candidates = session_scene(session, request)
        ranker.predict(requests, candidates, VIEW)
        slate = first_slots(candidates)
        feedback = make_feedback(slate)
        ranker.observe(requests, slate, feedback, None, VIEW)
        seen.append(int(feedback.examined.sum()))
    features = logged(ranker)[0][:, LOGGED.index("repetition")]
    counts = np.cumsum([0, seen[0], seen[1]])
    wanted = np.repeat(np.log1p([*counts, 0]), seen)
    np.testing.assert_allclose(features, wanted, rtol=1e-6)


def test_tired_categories_are_predicted_by_what_the_session_showed():
    ranker = make(Mmoe)
    linear = ranker._trainer.serving.network["linear"].copy()
    linear[LOGGED.index("repetition"), Head.CLICK] = -0.5
    ranker._trainer.serving.network["linear"] = linear
    ranker._weights = ranker._fold()
    ranker._notes.reweigh(ranker._weights)
    requests, candidates = session_scene(100, 0)
    before = ranker.predict(requests, candidates, VIEW)[0][..., 0]
    slate = first_slots(candidates)
    ranker.observe(requests, slate, make_feedback(slate), None, VIEW)
    during = ranker.predict(*session_scene(100, 0), VIEW)[0][..., 0]
    after = ranker.predict(*session_scene(101, 0), VIEW)[0][..., 0]
    assert (during < before).all()
    np.testing.assert_array_equal(after, before)


def test_architectures_read_the_experts_they_should():
    def used(cls, **knobs):
        return used_pairs(cls(cls.Config(**knobs)).shape(VIEW.spec))

    assert used(SharedBottom).shape == (1, 6)
    assert used(SharedBottom).all()
    assert used(Mmoe, n_experts=4).shape == (4, 6)
    assert used(Mmoe, n_experts=4).all()
    np.testing.assert_array_equal(used(Esmm), np.eye(6, dtype=bool))
    found = used(Ple, shared_experts=2, own_experts=2)
    assert found[:2].all()
    np.testing.assert_array_equal(found[2:], np.repeat(np.eye(6, dtype=bool), 2, axis=0))


def test_notes_that_were_never_clicked_are_served_with_the_statistics_of_now():
    ranker = make(Mmoe)
    requests, candidates = make_requests(VIEW, 5), make_candidates(VIEW, 5, 30)
    before = ranker.predict(requests, candidates, VIEW)[0]
    totals = VIEW.notes.totals.copy()
    totals[:, 0] += 50
    later = dataclasses.replace(
        VIEW,
        now=VIEW.now + 60,
        notes=freeze(dataclasses.replace(VIEW.notes, totals=totals)),
    )
    np.testing.assert_array_equal(ranker.predict(requests, candidates, later)[0], before)
    ranker.nearline(None, later)
    after = ranker.predict(requests, candidates, later)[0]
    shown = candidates.note_idx >= 0
    assert (after[shown, Head.CLICK] < before[shown, Head.CLICK]).mean() > 0.95
