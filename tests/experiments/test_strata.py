"""Effects by stratum and thickness of pools, from hand-made runs."""

import numpy as np
import pytest

from simulator.app.experiment_strata import strata_json, strata_section
from simulator.contracts.events import DAY_S
from simulator.experiments.errors import AnalysisError
from simulator.experiments.pools import pool_thickness
from simulator.experiments.strata import HIGH, LOW, UNKNOWN, stratified
from tests.experiments.hand_runs import design, run_of


@pytest.fixture
def worlds():
    """Return a design, a test without effect, and the worlds of nobody and everybody."""
    found = design("plan2")
    return found, run_of(found, seed=4), run_of(found, seed=4), run_of(found, seed=4)


def past_of(run):
    """Return impressions of every reader before the test."""
    days = run.readers[run.readers["day"] < 0]
    return days.groupby("reader_id")["impressions"].sum()


def help_high(run, arms):
    """Give readers of the arms more clicks in the test, if they saw much before it."""
    past = past_of(run)
    high = past.index[past > past.median()]
    rows = run.readers["reader_id"].isin(high) & (run.readers["day"] >= 0)
    rows &= run.readers["reader_arm"].isin(arms)
    run.readers.loc[rows, "clicks"] += run.readers.loc[rows, "impressions"] // 10


def test_an_effect_on_some_is_found_among_them_alone(worlds):
    found, test, control, launch = worlds
    help_high(test, [1])
    help_high(launch, [0, 1, 2])
    result = stratified(test, control, launch, found, "ctr")
    effects = {e.segment: e for e in result.found.segments}
    assert set(effects) == {LOW, HIGH}
    assert result.truth[LOW] == 0.0
    assert effects[HIGH].low < result.truth[HIGH] < effects[HIGH].high
    assert effects[LOW].low < 0.0 < effects[LOW].high
    assert effects[HIGH].p_adjusted < 0.001
    assert result.found.interaction_p < 0.001


def test_the_section_and_the_json_say_the_same(worlds):
    found, test, control, launch = worlds
    result = stratified(test, control, launch, found, "ctr")
    beginners(test, control, launch)
    by_tier = stratified(test, control, launch, found, "fulfilled", cut_by="tier")
    table, other = strata_section([result, by_tier]).tables
    told = strata_json([result, by_tier])
    segments = [e["segment"] for e in told["found"]["segments"]]
    assert [row[0] for row in table.rows] == segments == [HIGH, LOW]
    assert "notes that the creator had published" in other.caption
    assert told["others"][0]["metric"] == "fulfilled"
    assert strata_section(["why"]).paragraphs == ["Not read: why."]
    assert strata_json(["why"]) == {"not_read": "why", "others": []}


def beginners(*runs):
    """Take away an early note of two thirds of the creators."""
    for run in runs:
        early = (run.notes["published_t"] < DAY_S) & (run.notes["creator_id"] < 80)
        run.notes = run.notes[~early].reset_index(drop=True)


def test_a_tier_is_how_much_a_creator_had_published(worlds):
    found, *runs = worlds
    beginners(*runs)
    result = stratified(*runs, found, "impressions_24h", cut_by="tier")
    sizes = {e.segment: e.n_control + e.n_treatment for e in result.found.segments}
    assert sizes == {LOW: 3 * 80, HIGH: 3 * 40}
    with pytest.raises(AnalysisError, match="no tier"):
        stratified(*runs, found, "ctr", cut_by="tier")


def test_half_of_the_readers_with_a_past_are_high(worlds):
    found, test, control, launch = worlds
    segments = stratified(test, control, launch, found, "ctr").found.segments
    sizes = {e.segment: e.n_control + e.n_treatment for e in segments}
    outside = (found.reader_arms(np.arange(400, dtype=np.int32)) > 1).sum()
    assert sum(sizes.values()) == 400 - outside
    assert abs(sizes[LOW] - sizes[HIGH]) < 20


def test_readers_without_a_past_are_a_stratum(worlds):
    found, *runs = worlds
    for run in runs:
        gone = (run.readers["reader_id"] < 100) & (run.readers["day"] < 0)
        run.readers = run.readers[~gone].reset_index(drop=True)
    result = stratified(*runs, found, "ctr")
    sizes = {e.segment: e.n_control + e.n_treatment for e in result.found.segments}
    assert sizes[UNKNOWN] == 100
    assert result.truth[UNKNOWN] == 0.0


def test_a_stratum_of_few_is_left_out(worlds):
    found, *runs = worlds
    for run in runs:
        gone = (run.readers["reader_id"] < 8) & (run.readers["day"] < 0)
        run.readers = run.readers[~gone].reset_index(drop=True)
    segments = stratified(*runs, found, "ctr").found.segments
    assert {e.segment for e in segments} == {LOW, HIGH}
    assert sum(e.n_control + e.n_treatment for e in segments) == 392


def test_notes_are_cut_by_their_creators(worlds):
    found, test, control, launch = worlds
    result = stratified(test, control, launch, found, "impressions_24h")
    assert {e.segment for e in result.found.segments} == {LOW, HIGH}
    assert all(np.isfinite(e.se) and e.se > 0 for e in result.found.segments)


@pytest.mark.parametrize(
    ("name", "knobs", "metric"),
    [
        ("author_side", {}, "ctr"),
        ("author_side", {"unit": "category"}, "impressions_24h"),
        ("user_side", {}, "fulfilled"),
        ("plan2", {}, "notes_per_creator"),
    ],
)
def test_units_that_are_not_randomised_whole_have_no_strata(worlds, name, knobs, metric):
    _, test, control, launch = worlds
    with pytest.raises(AnalysisError, match="no strata"):
        stratified(test, control, launch, design(name, **knobs), metric)


def test_nobody_with_a_past_leaves_no_strata(worlds):
    found, *runs = worlds
    for run in runs:
        run.readers = run.readers[run.readers["day"] >= 0]
    with pytest.raises(AnalysisError, match="fewer than two strata"):
        stratified(*runs, found, "ctr")


def test_strata_reject_a_null_effect_as_often_as_they_may():
    rejected, n = 0, 40
    for seed in range(n):
        found = design("user_side", salt=f"again-{seed}")
        run = run_of(found, seed=seed)
        rejected += stratified(run, run, run, found, "ctr").found.interaction_p < 0.05
    assert rejected <= 7


@pytest.mark.parametrize(
    ("name", "new", "old"),
    [("user_side", 1.0, 1.0), ("author_side", 1.0, 1.0), ("plan2", 0.5, 1.0), ("plan3", 0.5, 0.5)],
)
def test_a_plan_thins_the_pools_that_it_splits(name, new, old):
    found = design(name)
    pools = pool_thickness(run_of(found), found)
    assert pools["arm"].tolist() == ["control", "treatment"]
    assert np.allclose(pools["new_share"], new, atol=0.15)
    assert np.allclose(pools["old_share"], old, atol=0.15)
