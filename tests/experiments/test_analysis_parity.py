"""The same numbers as tea-tasting and statsmodels on the same tables."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests

from simulator.experiments.analysis import Mean, Ratio, Settings, adjust, analyze
from tests.experiments.tables import clustered, readers

TABLE = readers(lift=0.03)
METRICS = {
    "minutes": Mean("minutes", "minutes_before"),
    "clicks": Mean("clicks"),
    "ctr": Ratio("clicks", "impressions"),
    "ctr_cuped": Ratio("clicks", "impressions", ("clicks_before", "impressions_before")),
}


def test_parity_with_tea_tasting():
    tt = pytest.importorskip("tea_tasting")
    theirs = tt.Experiment(
        minutes=tt.Mean("minutes", "minutes_before"),
        clicks=tt.Mean("clicks"),
        ctr=tt.RatioOfMeans("clicks", "impressions"),
        ctr_cuped=tt.RatioOfMeans("clicks", "impressions", "clicks_before", "impressions_before"),
    ).analyze(TABLE.rename(columns={"arm": "variant"}), control="control")
    ours = analyze(TABLE, METRICS, "reader", "arm")
    for name in METRICS:
        mine, other = ours[name], theirs[name]
        assert mine.difference == pytest.approx(other.effect_size, rel=1e-6)
        assert mine.se == pytest.approx(other.effect_size / other.statistic, rel=1e-5)
        assert mine.relative == pytest.approx(other.rel_effect_size, rel=1e-6)
        assert mine.p == pytest.approx(other.pvalue, rel=1e-5)
        assert mine.difference_low == pytest.approx(other.effect_size_ci_lower, rel=1e-5)


def test_parity_with_welch_and_least_squares():
    ours = analyze(TABLE, ["minutes"], "reader", "arm")["minutes"]
    treated = TABLE["arm"] == "treatment"
    welch = stats.ttest_ind(TABLE.minutes[treated], TABLE.minutes[~treated], equal_var=False)
    assert ours.p == pytest.approx(welch.pvalue, rel=1e-9)
    assert ours.df == pytest.approx(welch.df, rel=1e-9)
    fit = sm.OLS(TABLE.minutes, sm.add_constant(treated.astype(float))).fit(cov_type="HC2")
    assert ours.difference == pytest.approx(fit.params.iloc[1], rel=1e-6)
    assert ours.se == pytest.approx(fit.bse.iloc[1], rel=1e-5)


def test_covariates_agree_with_least_squares_on_the_adjusted_outcome():
    ours = analyze(TABLE, ["minutes"], "reader", "arm", covariate="minutes_before")["minutes"]
    x = TABLE.minutes_before - TABLE.minutes_before.mean()
    theta = np.cov(TABLE.minutes, x)[0, 1] / x.var()
    treated = (TABLE["arm"] == "treatment").astype(float)
    fit = sm.OLS(TABLE.minutes - theta * x, sm.add_constant(treated)).fit(cov_type="HC2")
    assert ours.difference == pytest.approx(fit.params.iloc[1], rel=1e-6)
    assert ours.se == pytest.approx(fit.bse.iloc[1], rel=1e-5)
    assert ours.variance_reduction > 0.5
    assert ours.unadjusted_se > ours.se
    ancova = sm.OLS(TABLE.minutes, sm.add_constant(np.column_stack([treated, x]))).fit()
    assert ours.difference == pytest.approx(ancova.params.iloc[1], abs=0.05 * ours.se)


def test_clusters_agree_with_cluster_robust_least_squares():
    table = clustered()
    ours = analyze(table, ["views"], "note", "arm", cluster="creator")["views"]
    fit = sm.OLS(table.views, sm.add_constant(table.arm.astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": table.creator}
    )
    assert ours.difference == pytest.approx(fit.params.iloc[1], rel=1e-6)
    assert ours.se == pytest.approx(fit.bse.iloc[1], rel=1e-5)
    assert (ours.n_clusters_control, ours.n_clusters_treatment) == (75, 75)
    assert ours.n_units_control + ours.n_units_treatment == len(table)


def test_repeated_units_are_clustered_by_unit():
    table = clustered()
    found = analyze(table, ["views"], "creator", "arm")
    assert found["views"].se == analyze(table, ["views"], "note", "arm", "creator")["views"].se
    assert "clustered by creator" in found.warnings[0]


def test_two_way_clusters_agree_with_statsmodels():
    rng = np.random.default_rng(5)
    table = clustered()
    table["reader"] = rng.integers(0, 80, len(table))
    table["views"] += rng.normal(0, 1, 80)[table.reader]
    ours = analyze(table, ["views"], "note", "arm", cluster=("creator", "reader"))["views"]
    fit = sm.OLS(table.views, sm.add_constant(table.arm.astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": table[["creator", "reader"]].to_numpy()}
    )
    assert ours.difference == pytest.approx(fit.params.iloc[1], rel=1e-6)
    assert ours.se == pytest.approx(fit.bse.iloc[1], rel=1e-5)


def test_a_ratio_by_cluster_agrees_with_the_linearised_regression():
    table = clustered()
    ours = analyze(table, {"r": Ratio("views", "impressions")}, "note", "arm", cluster="creator")[
        "r"
    ]
    arms = [table[table.arm == a] for a in (0, 1)]
    ratio = [a.views.sum() / a.impressions.sum() for a in arms]
    residual = np.where(table.arm == 1, ratio[1], ratio[0]) * table.impressions
    score = np.bincount(table.creator, table.views - residual)
    weight = np.where(
        np.bincount(table.creator, table.arm) > 0, *(1 / arms[a].impressions.sum() for a in (1, 0))
    )
    g, n = 150, len(table)
    variance = g / (g - 1) * (n - 1) / (n - 2) * ((score * weight) ** 2).sum()
    assert ours.difference == pytest.approx(ratio[1] - ratio[0], rel=1e-9)
    assert ours.se == pytest.approx(np.sqrt(variance), rel=1e-9)


def test_large_offsets_cost_no_precision():
    moved = TABLE.assign(minutes=TABLE.minutes + 1e9)
    ours, plain = (analyze(t, ["minutes"], "reader", "arm")["minutes"] for t in (moved, TABLE))
    assert ours.difference == pytest.approx(plain.difference, abs=1e-5)
    assert ours.se == pytest.approx(plain.se, rel=1e-7)


@pytest.mark.parametrize(("method", "theirs"), [("holm", "holm"), ("bh", "fdr_bh")])
def test_adjustments_agree_with_statsmodels(method, theirs):
    p = np.array([0.001, 0.04, 0.03, 0.2, 0.9, 0.011])
    np.testing.assert_allclose(adjust(p, method=method), multipletests(p, method=theirs)[1])
    two = adjust(np.append(p, [np.nan, 0.04]), ["a"] * 6 + ["b"] * 2, method)
    np.testing.assert_allclose(two[:6], adjust(p, method=method))
    assert np.isnan(two[6])
    assert two[7] == 0.04


def test_families_are_adjusted_apart():
    settings = Settings(families={"clicks": "guardrail"}, correction="holm")
    found = analyze(TABLE, METRICS, "reader", "arm", settings=settings)
    assert found["clicks"].p_adjusted == found["clicks"].p
    assert found["ctr"].p_adjusted > found["ctr"].p
