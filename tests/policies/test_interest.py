"""The model of a reader's interest: calibrated by what was logged, and nothing else."""

import dataclasses

import numpy as np
import pytest

from policies.interest import ReaderInterest, ReaderInterestConfig, newton
from policies.pairs import affinity, promised_pairs, reader_rates
from policies.quota import Quota, QuotaConfig
from simulator.contracts.batches import Feedback, Slate
from simulator.contracts.events import N_KINDS, Kind
from tests.support.platform import make_candidates, make_requests, make_view

VIEW = make_view(2_000, 300, seed=9)


def model(**knobs):
    built = ReaderInterest(ReaderInterestConfig(**knobs))
    built.setup(VIEW.spec)
    return built


def served(truth, n=600, slots=8, seed=0):
    """Slates and clicks drawn by a true slope of the affinity."""
    rng = np.random.default_rng(seed)
    requests = make_requests(VIEW, n, seed)
    notes = rng.integers(VIEW.live_start, VIEW.notes.n, (n, slots)).astype(np.int32)
    readers = np.repeat(requests.reader_idx, slots)
    z = -2.0 + truth * affinity(VIEW, readers, notes.reshape(-1))
    actions = np.zeros((n, slots, N_KINDS), np.float32)
    actions[..., Kind.CLICK] = (rng.random(z.size) < 1 / (1 + np.exp(-z))).reshape(n, slots)
    examined = np.ones((n, slots), np.uint8)
    examined[:, -1] = 0
    none = np.zeros((n, slots), np.float32)
    slate = Slate(notes.astype(np.int16), notes, none, none.astype(np.uint8))
    return requests, slate, Feedback(examined, actions, none, np.full(n, np.nan))


@pytest.mark.statistical
def test_it_learns_the_slope_and_the_level():
    built = model(ridge=0.01)
    for seed in range(4):
        built.observe(*served(3.0, seed=seed), None, VIEW)
    report = built.train(built.jobs[0], VIEW)
    assert report.status == "ok"
    assert report.rows == 4 * 600 * 7
    rng = np.random.default_rng(1)
    readers = rng.integers(0, 300, 3_000).astype(np.int32)
    notes = rng.integers(VIEW.live_start, VIEW.notes.n, 3_000).astype(np.int32)
    before = built.probabilities(VIEW, readers, notes)
    built.publish(built.jobs[0], VIEW)
    after = built.probabilities(VIEW, readers, notes)
    true = 1 / (1 + np.exp(2.0 - 3.0 * affinity(VIEW, readers, notes)))
    assert abs(after - true).mean() < 0.5 * abs(before - true).mean()
    assert after.mean() == pytest.approx(true.mean(), rel=0.1)


def test_too_few_clicks_train_nothing():
    built = model()
    assert built.train(built.jobs[0], VIEW).status == "empty"
    before = built.probabilities(VIEW, np.array([1], np.int32), np.array([5], np.int32))
    built.publish(built.jobs[0], VIEW)
    after = built.probabilities(VIEW, np.array([1], np.int32), np.array([5], np.int32))
    assert before == after


def test_a_pair_does_not_depend_on_its_neighbours():
    built = model()
    rng = np.random.default_rng(2)
    readers = rng.integers(0, 300, 257).astype(np.int32)
    notes = rng.integers(0, 2_000, 257).astype(np.int32)
    together = affinity(VIEW, readers, notes)
    alone = [affinity(VIEW, readers[i : i + 1], notes[i : i + 1])[0] for i in range(257)]
    np.testing.assert_array_equal(together, alone)
    all_p = built.probabilities(VIEW, readers, notes)
    each = [built.probabilities(VIEW, readers[i : i + 1], notes[i : i + 1])[0] for i in range(257)]
    np.testing.assert_array_equal(all_p, each)


def test_its_state_is_all_it_knows():
    built, copy = model(), model()
    built.observe(*served(2.0), None, VIEW)
    built.train(built.jobs[0], VIEW)
    copy.load_state(built.state_arrays())
    for each in (built, copy):
        each.observe(*served(2.0, seed=5), None, VIEW)
        each.publish(each.jobs[0], VIEW)
    assert built.train(built.jobs[0], VIEW) == copy.train(copy.jobs[0], VIEW)
    pair = np.array([3], np.int32), np.array([9], np.int32)
    assert built.probabilities(VIEW, *pair) == copy.probabilities(VIEW, *pair)


def test_newton_finds_the_maximum():
    rng = np.random.default_rng(3)
    rows = np.column_stack([np.ones(5_000), rng.normal(size=(5_000, 3))])
    true = np.array([-1.0, 0.5, 1.5, -0.5])
    click = (rng.random(5_000) < 1 / (1 + np.exp(-rows @ true))).astype(float)
    weights, loss = newton(rows, click, 1e-6)
    np.testing.assert_allclose(weights, true, atol=0.15)
    p = 1 / (1 + np.exp(-rows @ weights))
    np.testing.assert_allclose(rows.T @ (click - p), 0, atol=1e-4)
    assert 0 < loss < 0.7


def test_readers_rates_are_shrunk():
    rows = np.arange(50, dtype=np.int32)
    totals = VIEW.readers.totals[rows]
    rates = reader_rates(VIEW, rows, 0.1, 1e9)
    np.testing.assert_allclose(rates, 0.1, rtol=1e-4)
    rates = reader_rates(VIEW, rows, 0.1, 10)
    np.testing.assert_allclose(
        rates, (totals[:, Kind.CLICK] + 1) / (totals[:, Kind.IMPRESSION] + 10), rtol=1e-6
    )


def test_pairs_are_the_candidates_with_promises():
    policy = Quota(QuotaConfig())
    policy.setup(VIEW.spec)
    requests, candidates = make_requests(VIEW, 6), make_candidates(VIEW, 6, 60)
    assert promised_pairs(policy.promises, requests, candidates) is None
    policy.support(VIEW)
    pairs = promised_pairs(policy.promises, requests, candidates)
    is_open = np.isin(candidates.note_idx, policy.promises.rows)
    assert pairs.row.size == is_open.sum()
    assert np.isin(pairs.note_idx, policy.promises.rows).all()
    np.testing.assert_array_equal(pairs.reader_idx, requests.reader_idx[pairs.row])
    none = dataclasses.replace(candidates, note_idx=np.full((6, 4), -1, np.int32))
    assert promised_pairs(policy.promises, requests, none) is None
