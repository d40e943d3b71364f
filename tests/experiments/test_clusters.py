"""Hájek difference of clusters, against weighted least squares."""

import numpy as np
import pytest
import statsmodels.api as sm

from simulator.experiments.errors import AnalysisError
from simulator.experiments.estimators import hajek


def test_agrees_with_cluster_robust_least_squares():
    rng = np.random.default_rng(3)
    n = rng.integers(1, 30, 120)
    treated = np.arange(120) % 2 == 0
    group = np.repeat(np.arange(120), n)
    y = rng.normal(1, 1, n.sum()) + rng.normal(0, 1, 120)[group] + 0.3 * treated[group]
    found = hajek(np.bincount(group, y), n, treated)
    fit = sm.OLS(y, sm.add_constant(treated[group].astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": group, "use_correction": False}
    )
    assert found.value == pytest.approx(fit.params[1], rel=1e-10)
    assert found.se == pytest.approx(fit.bse[1] * np.sqrt(60 / 59), rel=1e-10)


def test_needs_two_clusters_an_arm():
    with pytest.raises(AnalysisError, match="treatment needs at least two clusters"):
        hajek([1, 2, 3], [1, 1, 1], [True, False, False])
    with pytest.raises(AnalysisError, match="one length"):
        hajek([1, 2, 3], [1, 1], [True, False, False])
