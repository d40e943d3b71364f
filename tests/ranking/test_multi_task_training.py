"""Training of multi-task rankers: what they learn, when it serves, what stops it."""

import dataclasses

import numpy as np
import pytest

from simulator.contracts.events import HOUR_S, N_HEADS, N_KINDS, Head, Kind
from simulator.contracts.learning import TrainingJob
from simulator.learning.networks import torch_alone
from simulator.ranking.multi_task.config import LossConfig
from simulator.ranking.multi_task.losses import loss_by_head, total_loss
from simulator.ranking.multi_task.mmoe import Mmoe
from simulator.ranking.multi_task.network import _gates, used_pairs
from simulator.ranking.multi_task.ple import Ple
from simulator.ranking.multi_task.trainer import _even
from tests.ranking.scenes import make_feedback
from tests.ranking.test_multi_task import CLASSES, EVERY, VIEW, first_slots, logged, make, serve
from tests.support.platform import freeze, make_candidates, make_requests

FULL, INCREMENTAL = Mmoe(Mmoe.Config()).jobs


def predictions(ranker):
    requests, candidates = make_requests(VIEW, 8, 99), make_candidates(VIEW, 8, 30, 99)
    return ranker.predict(requests, candidates, VIEW)[0]


def act(truth, slate, seed):
    """Feedback of readers who click, act and read as `truth`, float[B, S, N_HEADS], says."""
    rng = np.random.default_rng([seed, 53])
    feedback = make_feedback(slate, seed)
    actions = np.zeros((*slate.note_idx.shape, N_KINDS), np.float32)
    examined = feedback.examined
    actions[..., Kind.IMPRESSION] = examined
    actions[..., Kind.CLICK : Kind.SHARE + 1] = rng.random((*examined.shape, 5)) < truth[..., :5]
    actions[..., Kind.CLICK] *= examined
    actions[..., Kind.LIKE :] *= actions[..., Kind.CLICK, None]
    noise = np.exp(rng.normal(-0.32, 0.8, examined.shape))
    actions[..., Kind.DWELL] = truth[..., Head.DWELL] * noise * actions[..., Kind.CLICK]
    return freeze(dataclasses.replace(feedback, actions=actions))


def truth_of(requests, slate):
    """Readers click what suits them, and act and read more where they like the category."""
    notes, readers = VIEW.notes, VIEW.readers
    note = np.maximum(slate.note_idx, 0)
    vector = readers.vector[requests.reader_idx]
    affinity = np.einsum("bsd,bd->bs", notes.embedding[note], vector)
    share = readers.category_profile[requests.reader_idx[:, None], notes.category[note]]
    truth = np.empty((*note.shape, N_HEADS))
    truth[..., Head.CLICK] = 1 / (1 + np.exp(2.0 - 3.0 * affinity))
    for head in (Head.LIKE, Head.COLLECT, Head.COMMENT, Head.SHARE):
        truth[..., head] = 0.1 + 0.5 * share
    truth[..., Head.DWELL] = 40 + 100 * share
    return truth


def live_through(ranker, n_batches, seed=0):
    """Serve random slates and log what readers do; return truth and labels of what they saw."""
    seen = []
    for batch in range(seed, seed + n_batches):
        requests, candidates = (
            make_requests(VIEW, 100, batch),
            make_candidates(VIEW, 100, 20, batch),
        )
        slate = first_slots(candidates)
        truth = truth_of(requests, slate)
        feedback = act(truth, slate, batch)
        p, _ = ranker.predict(requests, candidates, VIEW)
        ranker.observe(requests, slate, feedback, None, VIEW)
        at = np.nonzero(feedback.examined)
        seen.append((truth[at], feedback.actions[at], p[:, :10][at]))
    return [np.concatenate(part) for part in zip(*seen, strict=True)]


@EVERY
def test_it_learns_what_readers_do(cls):
    ranker = make(cls, epochs=8, batch_size=512)
    live_through(ranker, 12)
    assert ranker.train(FULL, VIEW).status == "ok"
    ranker.publish(FULL, VIEW)
    truth, actions, p = live_through(ranker, 4, seed=500)
    clicked = actions[:, Kind.CLICK] > 0
    assert np.corrcoef(truth[:, 0], p[:, 0])[0, 1] > 0.85
    assert p[:, 0].mean() == pytest.approx(truth[:, 0].mean(), rel=0.15)
    for head in (Head.LIKE, Head.SHARE):
        assert p[clicked, head].mean() == pytest.approx(truth[clicked, head].mean(), rel=0.25)
    assert p[clicked, 5].mean() == pytest.approx(actions[clicked, Kind.DWELL].mean(), rel=0.2)
    assert np.corrcoef(truth[clicked, 5], p[clicked, 5])[0, 1] > 0.6


@pytest.mark.parametrize("cls", [Mmoe, CLASSES[-1]], ids=["mmoe", "esmm"])
def test_predictions_are_calibrated_when_negatives_are_sampled(cls):
    ranker = make(cls, epochs=8, batch_size=512, negative_rate=0.25)
    _, actions, _ = live_through(ranker, 12)
    stored = logged(ranker)[1][:, Head.CLICK]
    n_clicks = actions[:, Kind.CLICK].sum()
    assert stored.sum() == n_clicks
    assert (stored == 0).mean() == pytest.approx(
        0.25 * (1 - n_clicks / len(actions)) / (0.25 + 0.75 * n_clicks / len(actions)), rel=0.05
    )
    ranker.train(FULL, VIEW)
    ranker.publish(FULL, VIEW)
    truth, _, p = live_through(ranker, 4, seed=500)
    assert p[:, 0].mean() == pytest.approx(truth[:, 0].mean(), rel=0.15)


@EVERY
def test_a_result_serves_when_it_is_published(cls):
    ranker = make(cls)
    serve(ranker)
    before = predictions(ranker)
    report = ranker.train(FULL, VIEW)
    assert report.rows == ranker._examples.replay.n
    assert np.isfinite(report.loss)
    np.testing.assert_array_equal(predictions(ranker), before)
    ranker.publish(FULL, VIEW)
    after = predictions(ranker)
    assert (after != before).any()
    ranker.publish(FULL, VIEW)
    np.testing.assert_array_equal(predictions(ranker), after)


def test_incremental_trainings_read_what_is_new_and_wait_for_enough_of_it():
    ranker = make(Mmoe)
    assert ranker.train(INCREMENTAL, VIEW).status == "empty"
    serve(ranker, n=60)
    report = ranker.train(INCREMENTAL, VIEW)
    assert (report.status, report.rows) == ("ok", ranker._examples.replay.n)
    ranker.publish(INCREMENTAL, VIEW)
    n_before = ranker._examples.replay.n
    serve(ranker, 1, n=3)
    report = ranker.train(INCREMENTAL, VIEW)
    assert report.status == "empty"
    assert "wait" in report.detail
    serve(ranker, 2, n=60)
    assert ranker.train(INCREMENTAL, VIEW).rows == ranker._examples.replay.n - n_before


def test_a_full_training_overtakes_an_incremental_one():
    ranker = make(Mmoe)
    serve(ranker, n=60)
    for job in (INCREMENTAL, FULL):
        ranker.train(job, VIEW)
    ranker.publish(FULL, VIEW)
    served = predictions(ranker)
    ranker.publish(INCREMENTAL, VIEW)
    np.testing.assert_array_equal(predictions(ranker), served)


@EVERY
def test_a_network_that_diverges_never_serves(cls):
    ranker = make(cls)
    serve(ranker)
    before = predictions(ranker)
    serve(ranker, 1)
    ranker._examples.replay._columns["row"][3, 2] = np.nan
    report = ranker.train(FULL, VIEW)
    assert report.status == "diverged"
    assert "goes on" in report.detail
    ranker.publish(FULL, VIEW)
    np.testing.assert_array_equal(predictions(ranker), before)


def test_steps_that_are_far_too_long_do_no_harm():
    ranker = make(Mmoe, learning_rate=1.0, batch_size=16, epochs=5)
    serve(ranker, n=30)
    ranker.train(FULL, VIEW)
    ranker.publish(FULL, VIEW)
    p = predictions(ranker)
    assert np.isfinite(p).all()


def test_a_checkpoint_keeps_what_waits_to_serve():
    original = make(Mmoe)
    serve(original, n=40)
    for job in (FULL, INCREMENTAL):
        original.train(job, VIEW)
    copy = make(Mmoe)
    copy.load_state(original.state_arrays())
    for ranker in (original, copy):
        ranker.publish(INCREMENTAL, VIEW)
        serve(ranker, 5, n=40)
        ranker.train(INCREMENTAL, VIEW)
        ranker.publish(FULL, VIEW)
        ranker.publish(INCREMENTAL, VIEW)
    np.testing.assert_array_equal(predictions(copy), predictions(original))


def test_jobs_follow_the_knobs():
    config = Mmoe.Config(incremental_every="3h", incremental_delay="20min", full_delay="4h")
    full, incremental = Mmoe(config).jobs
    assert full == TrainingJob("full", 24 * HOUR_S, 4 * HOUR_S)
    assert incremental == TrainingJob("incremental", 3 * HOUR_S, 1_200)


def gates_of(cls, dropout, n=400):
    """Gates while training and while serving, float[n, E, N_HEADS], and which pairs there are."""
    torch = torch_alone()
    shape = make(cls, gate_dropout=dropout)._shape
    raw = torch.randn(n, shape.n_experts * N_HEADS, generator=torch.Generator().manual_seed(2))
    kept = _gates(shape, raw, torch.Generator().manual_seed(3)).numpy()
    return kept, _gates(shape, raw, None).numpy(), used_pairs(shape)


@pytest.mark.parametrize("cls", [Mmoe, Ple])
def test_gates_share_out_one_among_the_experts_that_are_left(cls):
    kept, whole, used = gates_of(cls, 0.4)
    for gates in (kept, whole):
        np.testing.assert_allclose(gates.sum(axis=1), 1, rtol=1e-5)
        assert not gates[:, ~used].any()
    dropped = (kept == 0) & used
    restored = 0.4 ** used.sum(axis=0).mean()
    assert dropped.sum() / (used.sum() * len(kept)) == pytest.approx(0.4 - restored, abs=0.03)
    some = dropped.any(axis=1) & (kept > 0).any(axis=1)
    ratio = kept / np.where(whole > 0, whole, 1)
    for head in range(N_HEADS):
        for row in np.flatnonzero(some[:, head])[:50]:
            left = ratio[row, kept[row, :, head] > 0, head]
            np.testing.assert_allclose(left, left[0], rtol=1e-4)


def test_without_dropout_training_reads_the_gates_that_serve():
    kept, whole, _ = gates_of(Mmoe, 0.0)
    np.testing.assert_array_equal(kept, whole)


def example_losses():
    rng = np.random.default_rng(1)
    z = rng.normal(0, 1, (200, N_HEADS))
    y = (rng.random((200, N_HEADS)) < 0.4).astype(float)
    y[:, 1:] *= y[:, :1]
    y[:, 5] *= rng.uniform(1, 5, 200)
    return z, y


def entropy(p, y):
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


@pytest.mark.parametrize("is_entire_space", [False, True])
def test_losses_follow_their_formulas(is_entire_space):
    torch = torch_alone()
    z, y = example_losses()
    losses, share = loss_by_head(
        torch.from_numpy(z), torch.from_numpy(y), is_entire_space=is_entire_space
    )
    p = 1 / (1 + np.exp(-z))
    clicked = y[:, 0] > 0
    wanted = np.empty(N_HEADS)
    wanted[0] = entropy(p[:, 0], y[:, 0]).mean()
    for head in range(1, 5):
        joint = entropy(p[:, 0] * p[:, head], y[:, 0] * y[:, head]).mean()
        per_click = (clicked * entropy(p[:, head], y[:, head])).mean()
        wanted[head] = joint if is_entire_space else per_click
    wanted[5] = (clicked * (z[:, 5] - y[:, 5]) ** 2).mean()
    np.testing.assert_allclose(losses.numpy(), wanted, rtol=1e-6)
    rest = 1.0 if is_entire_space else clicked.mean()
    np.testing.assert_allclose(share.numpy(), [1, *[rest] * 4, clicked.mean()], rtol=1e-6)


def test_uncertainty_weighting_settles_where_each_loss_weighs_its_inverse():
    torch = torch_alone()
    losses, share = torch.tensor([2.0, 0.5, 0.5, 0.1, 0.1, 0.3]), torch.ones(N_HEADS)
    s = torch.log(2 * losses).requires_grad_()
    config = LossConfig(weighting="uncertainty", dwell=1.0)
    torch.autograd.backward(total_loss(losses, share, s, config))
    np.testing.assert_allclose(s.grad.numpy(), 0, atol=1e-6)
    fixed = total_loss(losses, share, s.detach(), LossConfig(like=3.0, dwell=0.2))
    assert float(fixed) == pytest.approx(2.0 + 1.5 + 0.5 + 0.1 + 0.1 + 0.06)


def test_batches_are_cut_into_equal_parts():
    assert [_even(n, 2_048) for n in (0, 1, 2_048, 2_049, 5_000)] == [0, 1, 2_048, 1_025, 1_667]


def test_a_result_that_would_serve_after_the_next_training_is_refused():
    with pytest.raises(ValueError, match="incremental_delay must be below incremental_every"):
        Mmoe.Config(incremental_every="1h", incremental_delay="1h")
