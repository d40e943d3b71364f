"""Errors of both sides: what the other side adds, and what cells say together."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.experiments.analysis import Ratio, analyze, two_sided
from simulator.experiments.analysis.crossed import (
    TWO_WAY,
    further_variance,
    mean_scores,
    ratio_scores,
    widened,
)
from simulator.experiments.estimators import tsri_weights
from simulator.experiments.outcomes import in_arms, note_table
from simulator.experiments.pools import normalised, normaliser
from simulator.experiments.reading import metrics_of, read
from simulator.experiments.two_way import ESTIMATORS
from tests.experiments.hand_runs import N_CREATORS, N_READERS, design, run_of


def meetings_of(found, seed=1, spread=0.0):
    """Every reader meets some creators of the test; creators differ by `spread` in clicks."""
    rng = np.random.default_rng(seed)
    readers = np.repeat(np.arange(N_READERS, dtype=np.int32), 6)
    creators = rng.integers(0, N_CREATORS, readers.size).astype(np.int32)
    table = pd.DataFrame({"reader_id": readers, "creator_id": creators}).drop_duplicates()
    readers, creators = table["reader_id"].to_numpy(), table["creator_id"].to_numpy()
    n = len(table)
    table["reader_arm"] = found.reader_arms(readers)
    none = np.zeros(n, np.int32)
    table["note_arm"] = found.note_arms(none, creators, none.astype(np.int16), np.ones(n, bool))
    if found.visible() is not None:
        table = table[table["reader_arm"] == table["note_arm"]]
    shown = rng.integers(1, 8, len(table))
    taste = 0.3 + spread * rng.uniform(-1, 1, N_CREATORS)[table["creator_id"]]
    clicks = rng.binomial(shown, taste)
    names = ("impressions", "new_impressions", "impressions_24h")
    of_clicks = ("clicks", "new_clicks", "clicks_24h")
    return table.assign(**dict.fromkeys(names, shown), **dict.fromkeys(of_clicks, clicks))


def test_the_sum_of_both_parts_is_two_way_clustering():
    """A ratio without covariates: V1, and V2 - V12 more, is what `analyze` says of two clusters."""
    met = meetings_of(design("plan2"), spread=0.2)
    metric = {"ctr": Ratio("clicks", "impressions")}
    one = analyze(met, metric, "reader_id", "reader_arm", "reader_id")["ctr"]
    both = analyze(met, metric, "reader_id", "reader_arm", ("reader_id", "creator_id"))["ctr"]
    arm, creator = (met[c].to_numpy(np.int64) for c in ("reader_arm", "creator_id"))
    clicks, shown = (met[c].to_numpy(np.float64) for c in ("clicks", "impressions"))
    wide = widened(one, ratio_scores(clicks, shown, arm, creator), 0.05)
    assert wide.se > 1.3 * one.se
    assert wide.se == pytest.approx(both.se, rel=0.01)
    assert wide.relative_se == pytest.approx(both.relative_se, rel=0.01)
    assert wide.difference == one.difference
    assert wide.difference_high - wide.difference_low > one.difference_high - one.difference_low
    assert wide.warnings[-1] == TWO_WAY


@given(seed=st.integers(0, 50), scale=st.floats(0.1, 10))
@settings(max_examples=20, deadline=None)
def test_a_further_variance_is_never_negative_and_scales(seed, scale):
    rng = np.random.default_rng(seed)
    arm, other = rng.integers(0, 2, 80), rng.integers(0, 12, 80)
    scores = mean_scores(rng.gamma(1.0, 1.0, 80), arm, other, np.array([30, 40]))
    one = further_variance(scores, (-1.0, 1.0))
    assert one >= 0
    assert further_variance(scores, (-scale, scale)) == pytest.approx(scale**2 * one)


def test_absent_units_of_the_other_side_count_where_their_number_is_given():
    """Ten readers of each arm, five of whom met nobody: the mean is over all ten."""
    arm, reader = np.repeat([0, 1], 5), np.arange(10)
    total = np.arange(1.0, 11.0)
    scores = mean_scores(total, arm, reader, np.array([2, 2]), np.array([10, 10]))
    by_arm = [np.concatenate([total[arm == a] / 2, np.zeros(5)]) for a in (0, 1)]
    expected = sum(((x - x.mean()) ** 2).sum() for x in by_arm) * 20 / 19 - ((total / 2) ** 2).sum()
    assert further_variance(scores, (-1.0, 1.0)) == pytest.approx(max(expected, 0.0))


def test_a_test_of_both_sides_says_two_way_errors():
    found = design("plan2")
    run = run_of(found)
    alone = read(run, found)
    assert any("one side alone" in remark for remark in alone.remarks)
    run.meetings = meetings_of(found, spread=0.25)
    both = read(run, found)
    for name in ("new_note_ctr", "note_ctr_24h", "impressions_24h"):
        assert both.effects[name].se >= alone.effects[name].se
        assert both.effects[name].difference == alone.effects[name].difference
        assert TWO_WAY in both.effects[name].warnings
    assert both.effects["fulfilled"] == alone.effects["fulfilled"]
    assert not any(name.endswith("tsrn") for name in both.effects)


def test_cells_are_read_where_all_arms_meet():
    found = design("two_sided")
    run = run_of(found)
    run.meetings = meetings_of(found)
    effects = read(run, found).effects
    assert {f"impressions_24h_{name}" for name in ESTIMATORS} <= set(effects)
    assert set(effects) <= set(metrics_of(found))
    assert all(effects[f"clicks_24h_{name}"].se > 0 for name in ESTIMATORS)


def market(seed, n=40):
    """A user-item log without effect; items have one or two notes, users and items differ."""
    rng = np.random.default_rng(seed)
    user_arm, item_arm = rng.permutation(n) % 2, rng.permutation(n) % 2
    sizes = rng.integers(1, 3, n)
    user, item = (x.ravel() for x in np.indices((n, n)))
    mean = rng.gamma(4, 0.25, n)[user] * rng.gamma(4, 0.25, n)[item] * sizes[item]
    return pd.DataFrame(
        {"user": user, "user_arm": user_arm[user], "item": item, "item_arm": item_arm[item],
         "y": rng.poisson(mean)}
    ), sizes.astype(float)  # fmt: skip


@pytest.mark.statistical
@pytest.mark.parametrize("k", [0.0, 1.0, 2.0])
def test_errors_of_means_a_note_are_their_spread(k):
    weights = tsri_weights(0.5, 0.5, k, 0.5) / 4
    found = []
    for seed in range(200):
        log, sizes = market(seed)
        sums = two_sided(log, "y", ("user", "user_arm"), ("item", "item_arm"))
        found.append(sums.mean_a_note(weights, sizes))
    level, value, se = np.array(found).T
    assert level.mean() == pytest.approx(40.0, rel=0.05)
    assert abs(value.mean()) < 4 * value.std() / np.sqrt(200)
    assert se.mean() == pytest.approx(value.std(), rel=0.2)
    assert (np.abs(value) < 1.96 * se).mean() > 0.88


def test_outcomes_of_notes_are_read_for_equal_numbers_of_readers_and_notes():
    """Arms that got the same for a reader have the same level, whatever their sizes."""
    found, thin = design("plan2", pool="full"), design("plan2")
    run = run_of(found)
    run.meetings = meetings_of(found)
    run.readers = run.readers[(run.readers["reader_arm"] == 1) | (run.readers["reader_id"] < 200)]
    rows = run.readers[run.readers["day"] >= 0].drop_duplicates("reader_id")
    n_readers = rows.groupby("reader_arm").size()
    of_test = run.notes["note_arm"] < 2
    n_notes = run.notes[of_test].groupby("note_arm").size()
    per_note = 1000 * n_readers / n_notes
    run.notes["impressions_24h"] = run.notes["note_arm"].map(per_note).fillna(0.0)
    factors = normaliser(run, found)
    expected = (n_notes / n_notes.sum()) / (n_readers / n_readers.sum())
    np.testing.assert_allclose(factors, expected)
    assert normaliser(run, thin) is None
    table = normalised(in_arms(note_table(run)), "arm", run, found)
    by_arm = table.groupby("arm")["impressions_24h"].mean()
    assert by_arm[0] == pytest.approx(by_arm[1])
    raw = in_arms(note_table(run)).groupby("arm")["impressions_24h"].mean()
    assert abs(raw[0] / raw[1] - 1) > 0.2
    assert read(run, found).effects["impressions_24h"].difference == pytest.approx(0.0, abs=1e-6)
