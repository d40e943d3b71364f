"""False positives and coverage by resampling, on fixed seeds."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from simulator.experiments.analysis import (
    Gini,
    Mean,
    Quantile,
    Ratio,
    Resplit,
    Settings,
    TopShare,
    analyze,
    bootstrap_concentration,
    resample_aa,
    unit_totals,
)
from simulator.experiments.errors import AnalysisError
from tests.experiments.tables import clustered, readers

METRICS = {
    "minutes": Mean("minutes"),
    "minutes_cuped": Mean("minutes", "minutes_before"),
    "ctr": Ratio("clicks", "impressions"),
    "ctr_cuped": Ratio("clicks", "impressions", ("clicks_before", "impressions_before")),
}
N = 2_000
BAND = stats.binom.ppf([0.005, 0.995], N, 0.05) / N
COVERED = (0.937, 0.962)


def uniformity(p):
    """Return the p-value of "these p-values are uniform" (Kolmogorov and Smirnov)."""
    return stats.kstest(p, "uniform").pvalue


@pytest.mark.statistical
def test_false_positives_and_coverage_of_readers():
    units = unit_totals(readers(4_000, seed=11), METRICS)
    for name, found in resample_aa(units, METRICS, Resplit(N, seed=3)).items():
        assert BAND[0] <= found.rejection() <= BAND[1], name
        assert uniformity(found.p) > 0.01, name
        assert COVERED[0] <= found.coverage() <= COVERED[1], name
        assert COVERED[0] <= found.relative_coverage() <= COVERED[1], name


@pytest.mark.statistical
def test_coverage_of_a_planted_effect_in_an_uneven_split():
    units = unit_totals(readers(4_000, seed=12), METRICS)
    split = Resplit(N, seed=4, share=0.3, lift={"minutes": 0.05, "clicks": 0.08})
    for name, found in resample_aa(units, METRICS, split).items():
        assert found.relative_truth > 0.04
        assert found.relative.mean() == pytest.approx(found.relative_truth, abs=0.004), name
        assert COVERED[0] <= found.coverage() <= COVERED[1], name
        assert COVERED[0] <= found.relative_coverage() <= COVERED[1], name


@pytest.mark.statistical
def test_clusters_keep_the_error_rate_that_rows_break():
    metrics = {"views": Mean("views"), "yield": Ratio("views", "impressions")}
    table = clustered(300, seed=13)
    by_creator = resample_aa(unit_totals(table, metrics, "creator"), metrics, Resplit(N, 5))
    for name, found in by_creator.items():
        assert BAND[0] <= found.rejection() <= BAND[1], name
        assert uniformity(found.p) > 0.01, name
        assert COVERED[0] <= found.relative_coverage() <= COVERED[1], name
    rng = np.random.default_rng(6)
    rejected = []
    for _ in range(150):
        arm = rng.integers(0, 2, 300)[table.creator]
        rejected.append(analyze(table.assign(arm=arm), ["views"], "note", "arm")["views"].p < 0.05)
    assert np.mean(rejected) > 0.15


def test_a_replicate_is_what_analyze_says():
    """Rebuild one split from its seed and analyse its table in the ordinary way."""
    from simulator.contracts.random import generator

    table = readers(600, seed=14)
    found = resample_aa(unit_totals(table, METRICS), METRICS, Resplit(3, seed=8))
    draw = generator(8, "resample").random((3, 600), np.float32) < 0.5
    for r in range(3):
        direct = analyze(table.assign(arm=draw[r].astype(int)), METRICS, "reader", "arm")
        for name in METRICS:
            assert found[name].difference[r] == pytest.approx(direct[name].difference, abs=1e-12)
            assert found[name].se[r] == pytest.approx(direct[name].se, rel=1e-9)
            assert found[name].relative_se[r] == pytest.approx(direct[name].relative_se, rel=1e-9)
            assert found[name].p[r] == pytest.approx(direct[name].p, rel=1e-8)


def test_resampling_refuses():
    table = readers(100)
    with pytest.raises(AnalysisError, match="cannot be resampled"):
        resample_aa(unit_totals(table, METRICS), {"q": Quantile("minutes", 0.5)}, Resplit(5))
    with pytest.raises(AnalysisError, match="missing"):
        unit_totals(table.assign(minutes=np.nan), METRICS)


@pytest.mark.statistical
def test_false_positives_of_two_crossed_sides():
    """Items are randomised; every reader meets both arms; both sides have effects of their own."""
    rng = np.random.default_rng(15)
    n_readers, n_items, n = 60, 60, 1_500
    rejected = []
    for _ in range(400):
        reader, item = rng.integers(0, n_readers, n), rng.integers(0, n_items, n)
        arm = (rng.permutation(n_items) % 2)[item]
        value = rng.normal(0, 1, n_readers)[reader] + rng.normal(0, 1, n_items)[item]
        table = {"row": np.arange(n), "reader": reader, "item": item, "arm": arm}
        frame = pd.DataFrame(table | {"y": value + rng.normal(0, 1, n)})
        found = analyze(frame, ["y"], "item", "arm", cluster=("item", "reader"))
        rejected.append(found["y"].p < 0.05)
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.03)


@pytest.mark.statistical
def test_the_error_of_a_quantile_is_its_spread():
    rng = np.random.default_rng(16)
    metrics = {"p90": Quantile("minutes", 0.9), "median": Quantile("minutes", 0.5)}
    table = readers(1_500, seed=17)
    found = [
        analyze(table.assign(arm=rng.integers(0, 2, 1_500)), metrics, "reader", "arm")
        for _ in range(150)
    ]
    for name in metrics:
        spread = np.std([run[name].difference for run in found])
        assert np.mean([run[name].se for run in found]) == pytest.approx(spread, rel=0.25)
        assert np.mean([run[name].p < 0.05 for run in found]) < 0.12
    quantile = analyze(table, metrics, "reader", "arm")["p90"]
    control = table.minutes[table["arm"] == "control"]
    assert quantile.control == pytest.approx(np.quantile(control, 0.9))


def gini_by_pairs(x):
    """Return the Gini coefficient as half the mean absolute difference over the mean."""
    return np.abs(x[:, None] - x).mean() / (2 * x.mean())


def test_concentration_by_hand():
    table = readers(300, seed=18)
    metrics = {"gini": Gini("minutes"), "top": TopShare("minutes", 0.1)}
    found = analyze(table, metrics, "reader", "arm")
    control = np.sort(table.minutes[table["arm"] == "control"].to_numpy())
    assert found["gini"].control == pytest.approx(gini_by_pairs(control))
    n = 0.1 * control.size
    whole = int(n)
    held = control[::-1][:whole].sum() + (n - whole) * control[::-1][whole]
    assert found["top"].control == pytest.approx(held / control.sum())
    assert found == analyze(table, metrics, "reader", "arm")


@pytest.mark.statistical
@pytest.mark.parametrize("scheme", ["poisson", "multinomial"])
def test_the_bootstrap_error_is_the_spread_over_samples(scheme):
    rng = np.random.default_rng(19)
    cluster = np.repeat(np.arange(200), 5)
    treated = cluster % 2 == 0
    differences, errors = [], []
    for seed in range(80):
        values = rng.gamma(1.0, 1.0, 200)[cluster] * rng.exponential(1.0, 1_000)
        found = bootstrap_concentration(values, treated, cluster, 0.0, 60, seed, scheme)
        differences.append(found.level[1] - found.level[0])
        errors.append(np.std(found.replicates[:, 1] - found.replicates[:, 0], ddof=1))
    assert np.mean(errors) == pytest.approx(np.std(differences), rel=0.25)


def test_a_null_is_seldom_found_by_the_bootstrap_and_a_real_change_is():
    table = readers(2_000, seed=20)
    settings = Settings(n_bootstrap=200, seed=1)
    metrics = {"gini": Gini("minutes")}
    assert analyze(table, metrics, "reader", "arm", settings=settings)["gini"].p > 0.001
    spread = np.where(table["arm"] == "treatment", table.minutes**2, table.minutes)
    changed = analyze(table.assign(minutes=spread), metrics, "reader", "arm", settings=settings)
    assert changed["gini"].p < 1e-6
    assert changed["gini"].difference > 0
