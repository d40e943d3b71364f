"""Looks: published boundaries, and the error rate of 14 and 28 looks."""

import numpy as np
import pytest

from simulator.experiments.analysis import (
    always_valid,
    group_sequential,
    peeking_rate,
    spent_alpha,
)
from simulator.experiments.errors import AnalysisError

N_PATHS = 20_000


def paths(n_looks, seed):
    """Return z-scores at equally spaced looks when there is no effect, float[N_PATHS, n_looks]."""
    steps = np.random.default_rng(seed).normal(0, 1, (N_PATHS, n_looks))
    return np.cumsum(steps, axis=1) / np.sqrt(np.arange(1, n_looks + 1))


@pytest.mark.parametrize(
    ("spending", "published"),
    [
        ("obrien_fleming", [4.8769, 3.3570, 2.6803, 2.2898, 2.0310]),
        ("pocock", [2.4380, 2.4268, 2.4102, 2.3966, 2.3860]),
    ],
)
def test_published_boundaries_of_five_looks(spending, published):
    looks = group_sequential(np.arange(1, 6) / 5, 0.05, spending)
    np.testing.assert_allclose(looks.z, published, atol=2e-4)
    assert looks.spent[-1] == pytest.approx(0.05)


def test_one_look_is_the_ordinary_test():
    assert group_sequential([1.0]).z[0] == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.statistical
@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock"])
def test_group_sequential_keeps_the_error_at_uneven_looks(spending):
    fraction = np.array([0.1, 0.35, 0.5, 0.9, 1.0])
    rng = np.random.default_rng(2)
    score = np.cumsum(rng.normal(0, np.sqrt(np.diff(fraction, prepend=0)), (N_PATHS, 5)), axis=1)
    z = group_sequential(fraction, 0.05, spending).z
    rejected = (np.abs(score / np.sqrt(fraction)) >= z).any(axis=1).mean()
    assert rejected == pytest.approx(0.05, abs=0.005)


@pytest.mark.statistical
def test_peeking_fourteen_times_at_a_fixed_size_interval():
    rejected = (np.abs(paths(14, 3)) > 1.959964).any(axis=1).mean()
    assert rejected == pytest.approx(0.22, abs=0.01)


@pytest.mark.statistical
@pytest.mark.parametrize("n_looks", [14, 28])
def test_always_valid_intervals_may_be_peeked_at(n_looks):
    z, n = paths(n_looks, 4), np.arange(1, n_looks + 1) * 1_000.0
    found = always_valid(z, np.ones_like(z), n, n_planned=n[-1])
    outside = (found.low > 0) | (found.high < 0)
    assert outside.any(axis=1).mean() <= 0.05
    np.testing.assert_array_equal(outside, found.p < 0.05)
    half = (found.high - found.low)[:, -1] / 2
    assert np.all(half <= 1.7 * 1.959964)


@pytest.mark.statistical
def test_always_valid_on_skewed_data_with_estimated_errors():
    rng = np.random.default_rng(5)
    n_runs, n_looks, per_look = 1_500, 14, 150
    n = np.arange(1, n_looks + 1) * per_look
    means, variances = [], []
    for _ in range(2):
        x = rng.exponential(1.0, (n_runs, n_looks * per_look)).reshape(n_runs, n_looks, per_look)
        first, second = (np.cumsum((x**k).sum(axis=2), axis=1) / n for k in (1, 2))
        means.append(first)
        variances.append((second - first**2) / n)
    found = always_valid(means[1] - means[0], np.sqrt(sum(variances)), 2 * n, 2 * n[-1])
    assert ((found.low > 0) | (found.high < 0)).any(axis=1).mean() <= 0.05


def test_spending_rises_to_alpha():
    for spending in ("obrien_fleming", "pocock"):
        spent = spent_alpha(np.arange(1, 11) / 10, 0.05, spending)
        assert np.all(np.diff(spent) > 0)
        assert spent[-1] == pytest.approx(0.05)


@pytest.mark.parametrize(
    "call",
    [
        lambda: group_sequential([0.5, 0.4]),
        lambda: group_sequential([0.5, 1.2]),
        lambda: spent_alpha([0.5], 0.05, "linear"),
        lambda: always_valid([0.0], [1.0], [0], 10),
    ],
)
def test_refuses(call):
    with pytest.raises(AnalysisError):
        call()


def test_looking_often_rejects_a_null_effect_often():
    assert peeking_rate(np.arange(1, 1 + 1) / 1) == pytest.approx(0.05, abs=1e-9)
    assert peeking_rate(np.arange(1, 2 + 1) / 2) == pytest.approx(0.083, abs=1e-3)
    assert 0.21 < peeking_rate(np.arange(1, 14 + 1) / 14) < 0.23
    rng = np.random.default_rng(1)
    z = np.cumsum(rng.normal(size=(40_000, 5)), axis=1) / np.sqrt(np.arange(1, 6))
    share = (np.abs(z) > 1.959964).any(axis=1).mean()
    assert peeking_rate(np.arange(1, 5 + 1) / 5) == pytest.approx(share, abs=0.006)
    with pytest.raises(AnalysisError, match="must rise"):
        peeking_rate([])
