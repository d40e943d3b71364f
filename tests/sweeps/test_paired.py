"""Paired differences: against SciPy, on constructed cases, and their coverage."""

import math

import numpy as np
import pytest
from scipy import stats

from simulator.sweeps.paired import paired_difference


def test_it_agrees_with_a_paired_t_test():
    rng = np.random.default_rng(1)
    a = rng.normal(5, 1, 12)
    b = a + rng.normal(0.3, 0.4, 12)
    found = paired_difference(a, b)
    expected = stats.ttest_rel(b, a)
    interval = expected.confidence_interval(0.95)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.relative == pytest.approx((b.mean() - a.mean()) / a.mean())


def test_shared_luck_is_measured():
    rng = np.random.default_rng(2)
    luck = rng.normal(0, 1, 4_000)
    a, b = (luck + rng.normal(0, 0.5, 4_000) for _ in range(2))
    assert paired_difference(a, b).noise_removed == pytest.approx(0.8, abs=0.02)
    apart = paired_difference(rng.normal(0, 1, 4_000), rng.normal(0, 1, 4_000))
    assert apart.noise_removed == pytest.approx(0, abs=0.05)


def test_intervals_cover_the_truth():
    rng = np.random.default_rng(3)
    pairs = [(rng.normal(0, 1, 6), rng.normal(0.5, 1, 6)) for _ in range(2_000)]
    hits = [p.low <= 0.5 <= p.high for p in (paired_difference(a, b) for a, b in pairs)]
    assert 0.937 <= np.mean(hits) <= 0.962


def test_gaps_and_degenerate_cases():
    nan = math.nan
    found = paired_difference(np.array([1, nan, 3.0]), np.array([2, 5, nan]))
    assert (found.n, found.difference) == (1, 1)
    assert math.isnan(found.low)
    assert math.isnan(found.noise_removed)
    assert paired_difference(np.array([nan]), np.array([1.0])).n == 0
    same = paired_difference(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    assert (same.low, same.high, same.noise_removed) == (0, 0, 1)
    assert math.isnan(same.p_value)
    shift = paired_difference(np.zeros(3), np.ones(3))
    assert (shift.p_value, shift.low) == (0, 1)
    assert math.isnan(shift.relative)
