"""From tables of a run with arms to effects: hand-made runs with known answers."""

import numpy as np
import pandas as pd
import pytest

from simulator.contracts.events import DAY_S
from simulator.experiments.analysis import adjust
from simulator.experiments.errors import AnalysisError
from simulator.experiments.outcomes import (
    READER_METRICS,
    creator_table,
    family_of,
    levels,
    note_table,
    reader_table,
)
from simulator.experiments.reading import both_levels, metrics_of, read
from simulator.experiments.scorecard import advice, readings_of, scores
from tests.experiments.hand_runs import N_CREATORS, N_READERS, design, run_of


def test_tables_by_hand():
    found = design("user_side")
    run = run_of(found)
    table = reader_table(run)
    assert len(table) == N_READERS
    first = run.readers[run.readers["reader_id"] == 7]
    row = table[table["reader_id"] == 7].iloc[0]
    assert row["clicks"] == first.loc[first["day"] >= 0, "clicks"].sum()
    assert row["pre_clicks"] == first.loc[first["day"] < 0, "clicks"].sum()
    assert row["active_days"] == 3
    assert row["time_min"] == pytest.approx(first.loc[first["day"] >= 0, "time_spent_s"].sum() / 60)


def test_notes_are_those_of_the_test_that_had_a_day():
    run = run_of(design("author_side"))
    table = note_table(run)
    chosen = run.notes.set_index("note_id").loc[table["note_id"]]
    assert (chosen["published_t"] >= 2 * DAY_S).all()
    assert (chosen["published_t"] <= 4 * DAY_S).all()
    assert len(table) == (run.notes["published_t"] >= 2 * DAY_S).sum()
    np.testing.assert_array_equal(table["fulfilled"], table["impressions_24h"] >= 10)
    early = run.notes[run.notes["published_t"] < DAY_S].set_index("creator_id")["impressions_24h"]
    np.testing.assert_array_equal(
        table["creator_pre_impressions"], early.loc[table["creator_id"]].to_numpy()
    )


def test_creators_are_all_who_had_published():
    found = design("author_side")
    table = creator_table(run_of(found), found)
    assert len(table) == N_CREATORS
    assert (table["published"] == 3).all()
    assert (table["pre_published"] == 2).all()
    assert set(table["arm"]) == {0, 1}


@pytest.mark.parametrize(
    ("name", "metrics"),
    [
        ("user_side", {"ctr", "new_note_share", "time_min_per_reader"}),
        ("author_side", {"fulfilled", "impressions_24h", "notes_per_creator"}),
        ("plan2", {"ctr", "fulfilled", "notes_per_creator"}),
        ("two_sided", {"ctr", "fulfilled"}),
    ],
)
def test_each_design_reads_its_sides(name, metrics):
    found = design(name)
    test = read(run_of(found), found)
    assert metrics <= set(test.effects) <= set(metrics_of(found))
    assert len(test.srm) == len(found.sides)
    assert not any(check.flagged for check in test.srm)


def test_a_known_gain_is_found_and_covered():
    found = design("plan2")
    test = read(run_of(found, gain=0.05), found)
    for name, truth in (("ctr", 0.05), ("impressions_24h", 5.0)):
        effect = test.effects[name]
        assert effect.difference_low < truth < effect.difference_high, name
        assert effect.p_adjusted >= effect.p
        assert effect.p < 1e-3


def test_a_switchback_is_read_by_day():
    found = design("switchback")
    run = run_of(found)
    later = run.readers[run.readers["day"] >= 0]
    run.readers = pd.concat([run.readers, later.assign(day=later["day"] + 3)])
    run.manifest.params.measured_days = 6
    test = read(run, found)
    assert test.effects["ctr"].n_units_control == 3
    assert {"ctr", "new_note_share"} <= set(test.effects)
    assert "time_min_per_reader" not in test.effects
    assert any("days are the units" in remark for remark in test.remarks)


def test_an_empty_arm_is_said_and_the_rest_is_read():
    found = design("plan2")
    run = run_of(found)
    run.notes.loc[run.notes["note_arm"] == 1, "note_arm"] = 2
    test = read(run, found)
    assert "ctr" in test.effects
    assert "fulfilled" not in test.effects
    assert any("is in arm 1" in remark for remark in test.remarks)
    run.readers["reader_arm"] = 0
    with pytest.raises(AnalysisError, match="is in arm 1"):
        read(run, design("user_side"))


def test_a_metric_without_values_is_a_remark():
    found = design("user_side")
    run = run_of(found)
    run.readers[["new_impressions", "new_clicks"]] = 0
    test = read(run, found)
    assert "new_note_ctr" not in test.effects or not np.isfinite(test.effects["new_note_ctr"].p)
    assert "ctr" in test.effects


def test_a_leak_between_arms_breaks_the_sample_ratio():
    found = design("user_side")
    run = run_of(found)
    gone = (run.readers["reader_arm"] == 1) & (run.readers["reader_id"] % 2 == 0)
    run.readers = run.readers[~gone]
    assert read(run, found).srm[0].flagged


@pytest.mark.statistical
def test_rejections_under_no_effect_are_as_often_as_stated():
    """200 draws of arms without an effect: 1 to 10.5 % reject at 5 % (99.8 % binomial band)."""
    found = {"ctr": 0, "impressions_24h": 0, "time_min_per_reader": 0}
    for seed in range(200):
        drawn = design("plan2", salt=f"s{seed}")
        test = read(run_of(drawn, seed=7), drawn)
        for name in found:
            found[name] += test.effects[name].p < 0.05
    for name, n in found.items():
        assert 2 <= n <= 21, (name, n)


def test_levels_and_truth():
    found = design("user_side")
    control, treated = run_of(found, seed=5), run_of(found, seed=5)
    treated.readers = treated.readers.assign(clicks=2 * treated.readers["clicks"])
    both = both_levels(control, treated, found)
    assert both["ctr"][1] == pytest.approx(2 * both["ctr"][0])
    assert both["fulfilled"][0] == both["fulfilled"][1]
    rows = control.readers[control.readers["day"] >= 0]
    expected = rows["clicks"].sum() / rows["impressions"].sum()
    assert levels(reader_table(control), READER_METRICS)["ctr"] == pytest.approx(expected)


def test_scores_by_hand():
    found = design("user_side")
    readings = []
    for seed, truth in ((1, 0.01), (2, -0.01)):
        test = read(run_of(found, seed=seed), found)
        readings += readings_of(
            seed, "user_side", test, dict.fromkeys(test.effects, (0.1, 0.1 + truth))
        )
    score = next(s for s in scores(readings) if s.metric == "ctr")
    estimates = [r.estimate for r in readings if r.metric == "ctr"]
    errors = np.array([estimates[0] - 0.01, estimates[1] + 0.01])
    assert score.n == 2
    assert score.truth == pytest.approx(0.0)
    assert score.bias == pytest.approx(errors.mean())
    assert score.rmse == pytest.approx(np.sqrt((errors**2).mean()))
    assert score.bias_se == pytest.approx(errors.std(ddof=1) / np.sqrt(2))
    assert advice(scores(readings))["ctr"] == "user_side"


def test_retention_penetration_and_their_parts_by_hand():
    run = run_of(design("user_side"))
    later = run.readers["day"] == 1
    run.readers = run.readers[~(later & (run.readers["reader_id"] < 100))]
    table = reader_table(run).set_index("reader_id")
    assert table.loc[:99, "origins"].eq(1).all()
    assert table.loc[:99, "returns"].eq(0).all()
    assert table.loc[100:, ["origins", "returns"]].eq(2).all(axis=None)
    assert table["pre_origins"].eq(1).all()
    assert table.loc[: N_CREATORS - 1, "pre_publish_days"].ge(1).all()
    assert table.loc[100 : N_CREATORS - 1, "publish_days"].eq(2).all()
    assert table.loc[:99, "publish_days"].eq(1).all()
    assert table.loc[N_CREATORS:, "publish_days"].eq(0).all()
    assert table["sessions"].loc[100:].eq(6).all()


def test_hot_notes_and_shares_of_impressions_by_hand():
    run = run_of(design("author_side"))
    table = note_table(run)
    chosen = run.notes.set_index("note_id").loc[table["note_id"]]
    np.testing.assert_array_equal(table["hot"], chosen["clicks"] >= 5)
    shown = run.readers.loc[run.readers["day"] >= 0, "impressions"].sum()
    share = table["impressions_24h"].sum() / shown
    assert table["impression_share"].mean() == pytest.approx(share)


def test_families_are_adjusted_by_themselves():
    found = design("plan2")
    test = read(run_of(found, gain=0.02), found)
    for family in ("readers", "notes", "creators"):
        names = [n for n in test.effects if family_of(n) == family]
        p = [test.effects[n].p for n in names]
        assert {test.effects[n].family for n in names} == {family}
        np.testing.assert_allclose([test.effects[n].p_adjusted for n in names], adjust(p))
        np.testing.assert_allclose([test.p_bh[n] for n in names], adjust(p, method="bh"))


def test_rare_notes_are_said_to_be_too_few():
    found = design("author_side")
    run = run_of(found)
    assert not any("high_heat_share" in remark for remark in read(run, found).remarks)
    run.manifest.params.hot_clicks = run.notes["clicks"].max()
    assert any("too few" in remark for remark in read(run, found).remarks)


def test_no_sign_is_wrong_where_the_truth_is_nothing():
    found = design("user_side")
    test = read(run_of(found, gain=0.05), found)
    for truth, wrong in ((0.0, None), (-0.01, 1.0), (0.01, 0.0)):
        readings = readings_of(
            1, "user_side", test, dict.fromkeys(test.effects, (0.1, 0.1 + truth))
        )
        score = next(s for s in scores(readings) if s.metric == "ctr")
        assert np.isnan(score.wrong_sign) if wrong is None else score.wrong_sign == wrong
