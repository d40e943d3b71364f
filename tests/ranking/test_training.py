import dataclasses

import numpy as np
import pytest

from simulator.contracts.events import N_HEADS, Head
from simulator.ranking.features import FEATURES, N_FEATURES
from simulator.ranking.training import Fit, fit, prior_weights
from simulator.ranking.training_kernels import curvature, gradients
from simulator.ranking.training_log import TrainingLog

START = Fit(prior_weights(), 1.0, 0)


def planted(n, seed=0):
    """Rows of standard normal features whose outcomes follow known weights."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 0.4, (N_HEADS, N_FEATURES))
    weights[:, 0] = [-2, -1, -1.5, -1, -1.5, 3]
    rows = rng.standard_normal((n, N_FEATURES)).astype(np.float32)
    rows[:, 0] = 1
    z = rows @ weights.T
    labels = (rng.random((n, N_HEADS)) < 1 / (1 + np.exp(-z))).astype(np.float32)
    labels[:, Head.DWELL] = z[:, Head.DWELL] + rng.normal(0, 0.7, n)
    labels[:, 1:] *= labels[:, :1]
    return rows, labels.astype(np.float32), weights


def fit_planted(n=60_000, ridge=0.001, max_steps=20):
    rows, labels, weights = planted(n)
    return rows, labels, weights, fit(rows, labels, START, ridge, max_steps)


@pytest.fixture(scope="module")
def fitted():
    return fit_planted()


@pytest.mark.statistical
@pytest.mark.parametrize("head", Head)
def test_planted_weights_are_recovered_within_five_standard_errors(fitted, head):
    rows, labels, weights, found = fitted
    hessian = np.empty((N_FEATURES, N_FEATURES))
    curvature(rows, labels, int(head), weights, 10**9, hessian)
    noise = 0.7**2 if head == Head.DWELL else 1.0
    error = np.sqrt(np.diag(np.linalg.inv(hessian)) * noise)
    gap = np.abs(found.weights[head] - weights[head]) / error
    assert gap.max() < 5
    assert gap.mean() < 1.5


def test_mean_prediction_equals_mean_outcome(fitted):
    rows, labels, _, found = fitted
    clicked = labels[:, 0] > 0
    z = rows @ found.weights.T
    for head in range(N_HEADS - 1):
        part = slice(None) if head == Head.CLICK else clicked
        mean = (1 / (1 + np.exp(-z[part, head]))).mean()
        assert mean == pytest.approx(labels[part, head].mean(), rel=0.002)
    seconds = found.smearing * np.exp(z[clicked, Head.DWELL]) - 1
    assert seconds.mean() == pytest.approx(np.expm1(labels[clicked, Head.DWELL]).mean(), rel=0.002)


def test_curvature_from_a_sample_is_close_to_that_of_all_rows():
    rows, labels, weights = planted(40_000)
    whole, part = (np.empty((N_FEATURES, N_FEATURES)) for _ in range(2))
    curvature(rows, labels, 0, weights, 10**9, whole)
    curvature(rows, labels, 0, weights, 10_000, part)
    z = rows.astype(float) @ weights[0]
    p = 1 / (1 + np.exp(-z))
    spread = 0.5 * (p * (1 - p) + (labels[:, 0] - p) ** 2)
    expected = (rows.astype(float) * spread[:, None]).T @ rows
    np.testing.assert_allclose(whole, expected, rtol=1e-9, atol=1e-6)
    assert np.abs(part - whole).max() < 0.1 * np.diag(whole).max()


def test_gradients_agree_with_dense_algebra():
    rows, labels, weights = planted(3_000)
    out = np.empty((N_HEADS, N_FEATURES))
    gradients(rows, labels, weights, out)
    z = rows.astype(float) @ weights.T
    prediction = 1 / (1 + np.exp(-z))
    prediction[:, Head.DWELL] = z[:, Head.DWELL]
    error = labels - prediction
    error[:, 1:] *= labels[:, :1]
    np.testing.assert_allclose(out, error.T @ rows, rtol=1e-8, atol=1e-6)


def test_a_warm_start_needs_one_step():
    rows, labels, _, found = fit_planted(20_000, ridge=20, max_steps=20)
    assert found.steps > 1
    again = fit(rows, labels, found, 20, 20)
    assert again.steps == 1
    np.testing.assert_allclose(again.weights, found.weights, atol=0.01)


def test_far_starts_converge():
    rows, labels, _, found = fit_planted(20_000, ridge=1)
    far = dataclasses.replace(START, weights=START.weights + 3 * np.eye(N_HEADS, N_FEATURES))
    again = fit(rows, labels, far, 1, 30)
    np.testing.assert_allclose(again.weights, found.weights, atol=0.02)


def test_a_rare_group_that_is_wrongly_taken_for_certain_comes_back():
    rows, labels, weights = planted(20_000)
    is_new = FEATURES.index("is_new")
    rows[:, is_new] = np.arange(20_000) % 100 == 0
    wrong = START.weights.copy()
    wrong[Head.CLICK] = weights[Head.CLICK]
    wrong[Head.CLICK, is_new] = 30.0
    found = Fit(wrong, 1.0, 0)
    for _ in range(4):
        found = fit(rows, labels, found, 1, 6)
    group = rows[:, is_new] > 0
    mean = (1 / (1 + np.exp(-(rows[group] @ found.weights[Head.CLICK])))).mean()
    assert mean == pytest.approx(labels[group, Head.CLICK].mean(), rel=0.1)


@pytest.mark.parametrize("n", [0, 5])
def test_too_few_rows_change_nothing(n):
    rows, labels, _ = planted(5)
    found = fit(rows[:n], labels[:n], START, 20, 6)
    np.testing.assert_array_equal(found.weights, START.weights)
    assert found.smearing == 1.0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_broken_row_keeps_the_last_good_weights(bad):
    rows, labels, _ = planted(2_000)
    rows[7, 3] = bad
    labels[7, 0] = 1
    found = fit(rows, labels, START, 20, 6)
    np.testing.assert_array_equal(found.weights, START.weights)
    assert np.isfinite(found.smearing)


def test_a_constant_feature_stays_at_its_prior():
    rows, labels, _ = planted(5_000)
    rows[:, 4] = 0
    found = fit(rows, labels, START, 20, 6)
    np.testing.assert_allclose(found.weights[:, 4], START.weights[:, 4], atol=1e-9)


def test_a_strong_ridge_holds_all_but_the_bias():
    rows, labels, _ = planted(5_000)
    found = fit(rows, labels, START, 1e6, 20)
    np.testing.assert_allclose(found.weights[:, 1:], START.weights[:, 1:], atol=0.02)
    assert found.weights[Head.CLICK, 0] != pytest.approx(START.weights[Head.CLICK, 0], abs=0.01)


def test_prior_weights_are_finite_and_name_real_features():
    weights = prior_weights()
    assert weights.shape == (N_HEADS, len(FEATURES))
    assert np.isfinite(weights).all()


def write(log, values):
    log.reserve(len(values))
    for i, value in enumerate(values):
        log.rows[(log.at + i) % log.rows.shape[0]] = value
        log.labels[(log.at + i) % log.rows.shape[0]] = value
    log.advance(len(values))


def test_the_log_keeps_the_latest_rows_and_survives_a_checkpoint():
    log = TrainingLog(3_000)
    chunks = [np.arange(start, start + 700) for start in range(0, 7_000, 700)]
    for i, chunk in enumerate(chunks):
        write(log, chunk)
        kept = set(log.stored()[0][:, 0].astype(int).tolist())
        last = int(chunk[-1]) + 1
        assert kept == set(range(max(0, last - 3_000), last))
        if i == 2:
            copy = TrainingLog(3_000)
            copy.load_state(log.state_arrays())
        if i > 2:
            write(copy, chunk)
            for a, b in zip(log.stored(), copy.stored(), strict=True):
                np.testing.assert_array_equal(a, b)
