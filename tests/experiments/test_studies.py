"""Scores of designs by case, the advisor, and tests read from the first days of a run."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.contracts.events import DAY_S
from simulator.experiments.errors import AnalysisError
from simulator.experiments.outcomes import note_table, reader_table
from simulator.experiments.scorecard import Reading
from simulator.experiments.studies import (
    Case,
    CaseReading,
    advise,
    case_scores,
    evaluate,
    null_rejection,
    until,
)
from simulator.results.params import MetricParams
from tests.experiments.hand_runs import design, run_of

CASE = Case("w", "boost", 3, 1.0)


def reading(estimate, truth=1.0, p=0.01, *, seed=1, name="a", metric="m", case=CASE, se=0.5):
    ends = (estimate - 1.0, estimate + 1.0)
    found = Reading(seed, name, metric, estimate, se, *ends, p, truth, 10.0, 0.0, 0.0, 0.0)
    return CaseReading(case, found, cost=0.01 * seed, null_rejection=math.nan)


def test_a_score_is_what_its_definitions_say():
    items = [reading(2.0), reading(-1.0, p=0.02, seed=2), reading(4.0, p=0.5, seed=3)]
    (s,) = case_scores(items, worth=0.02)
    assert s.score.bias == pytest.approx((1.0 - 2.0 + 3.0) / 3)
    assert s.score.rmse == pytest.approx(math.sqrt(14 / 3))
    assert s.bias_ratio == pytest.approx(2 / 3)
    assert s.bias_over_se == pytest.approx(4 / 3)
    assert s.noise == pytest.approx(np.std([1.0, -2.0, 3.0], ddof=1))
    assert s.score.power == pytest.approx(2 / 3)
    assert s.score.wrong_sign == 0.5
    assert s.exaggeration == pytest.approx(1.5), "the rejecting tests say 2 and 1 where 1 is true"
    # The truth says launch: the second test says undo, the third leaves it.
    assert s.wrong_decisions == pytest.approx(2 / 3)
    assert s.cost == pytest.approx(0.02)
    assert s.cost_se == pytest.approx(0.01 / math.sqrt(3))
    assert math.isnan(s.null_rejection)


def test_an_effect_that_is_not_worth_it_should_be_left():
    left, launched = reading(0.1, truth=0.1, p=0.4), reading(0.1, truth=0.1, p=0.01, seed=2)
    (s,) = case_scores([left, launched], worth=0.02)
    assert s.wrong_decisions == 0.5
    (s,) = case_scores([left, launched], worth=0.001)
    assert s.wrong_decisions == 0.5
    (s,) = case_scores([reading(0.0, truth=0.0, p=0.9)], worth=0.0)
    assert (s.wrong_decisions, s.exaggeration == s.exaggeration) == (0.0, False)


def test_worlds_are_taken_together_on_request():
    other = replace(CASE, world="v")
    items = [reading(2.0), reading(3.0, case=other)]
    assert [s.score.n for s in case_scores(items, 0.02)] == [1, 1]
    (s,) = case_scores(items, 0.02, together=True)
    assert (s.score.n, s.case.world) == (2, "")


def study_of(errors, seeds=4, metric="m", policy="boost", se=0.005):
    """Return scores of worlds; errors: world -> design -> bias."""
    items = [
        reading(1.0 + bias + 0.01 * (-1) ** seed, seed=seed, name=name, metric=metric, se=se,
                case=Case(world, policy, 3, 1.0))
        for world, biases in errors.items()
        for name, bias in biases.items()
        for seed in range(seeds)
    ]  # fmt: skip
    return case_scores(items, 0.02)


def test_advice_in_worlds_that_agree_is_right_and_without_regret():
    found = study_of({w: {"good": 0.1, "bad": 1.0, "worst": -2.0} for w in "abc"})
    verdict = evaluate(found)
    assert (verdict.n, verdict.n_worlds) == (3, 3)
    assert verdict.right == verdict.right_low == verdict.right_high == verdict.guess == 1.0
    assert verdict.regret == 0.0
    advice = advise(found, "boost", 7, 0.5, "m")
    assert list(advice.ranking) == ["good", "bad", "worst"]
    assert (advice.design, advice.days, advice.traffic) == ("good", 3, 1.0)
    assert advice.bias == pytest.approx(0.01)
    assert advice.rmse == pytest.approx(math.hypot(0.1, 0.01) / 10.0)
    assert advice.power == 1.0
    assert "good errs by 1.00%" in advice.reason
    assert "its bias is +10.00%" in advice.reason


def test_advice_that_the_other_worlds_contradict_is_wrong():
    found = study_of({"a": {"x": 0.1, "y": 0.2}, "b": {"x": 0.2, "y": 0.1}})
    verdict = evaluate(found)
    assert verdict.right == 0.0
    one, two = (math.hypot(bias, 0.01) for bias in (0.1, 0.2))
    assert verdict.regret == pytest.approx(two / one - 1.0)
    assert verdict.median_regret == pytest.approx(verdict.regret)


@given(st.floats(0.01, 100.0))
def test_advice_does_not_depend_on_the_unit_of_a_metric(scale):
    found = study_of({"a": {"x": 0.1, "y": 0.3}, "b": {"x": 0.2, "y": 0.1}})
    parts = ("truth", "truth_se", "estimate", "bias", "bias_se", "rmse", "se", "base")
    scaled = [
        replace(s, noise=s.noise * scale,
                score=replace(s.score, **{k: getattr(s.score, k) * scale for k in parts}))
        for s in found
    ]  # fmt: skip
    before, after = (advise(s, "boost", 3, 1.0, "m") for s in (found, scaled))
    assert before.design == after.design
    assert after.rmse == pytest.approx(before.rmse)


def test_a_lucky_design_is_not_trusted_beyond_its_own_error():
    lucky = study_of({"a": {"x": 0.01}, "b": {"x": 0.01}}, se=0.4)
    steady = study_of({"a": {"y": 0.2}, "b": {"y": 0.2}}, se=0.1)
    ranking = advise([*lucky, *steady], "boost", 3, 1.0, "m").ranking
    assert list(ranking) == ["y", "x"]
    assert ranking["x"] == pytest.approx(0.04)


def test_a_design_that_a_world_lacks_is_not_advised():
    found = study_of({"a": {"x": 0.5, "y": 0.1}, "b": {"x": 0.5}})
    assert advise(found, "boost", 3, 1.0, "m").design == "x"


def test_what_a_study_does_not_know_is_refused():
    found = study_of({"a": {"x": 0.1}})
    with pytest.raises(AnalysisError, match="no policy 'quota'; it has boost"):
        advise(found, "quota", 3, 1.0, "m")
    with pytest.raises(AnalysisError, match="no design of the study reads 'z'; they read m"):
        advise(found, "boost", 3, 1.0, "z")
    with pytest.raises(AnalysisError, match="two worlds"):
        evaluate(found)
    with pytest.raises(AnalysisError, match="no question"):
        evaluate(study_of({"a": {"x": 0.1}, "b": {"x": 0.1}}))


def whole_run():
    run = run_of(design("user_side"), seed=4)
    run.manifest = SimpleNamespace(params=MetricParams(warm_up_days=2, measured_days=3))
    return run


def test_a_shorter_test_is_the_first_days_of_a_longer_one():
    run = whole_run()
    two = until(run, 2)
    assert until(run, 3) is run
    assert two.manifest.params.measured_days == 2
    assert set(two.readers["day"]) == {-2, -1, 0, 1}
    by_day, cut = reader_table(run, until_day=1), reader_table(two)
    pd.testing.assert_frame_equal(by_day, cut)
    notes = note_table(two)
    assert notes["day"].max() == 0, "notes of the last day have no whole day of life"
    late = run.notes["published_t"].to_numpy() + 3 * DAY_S
    later = replace(run, notes=run.notes.assign(reached_target_t=late), manifest=run.manifest)
    assert not note_table(until(later, 2))["fulfilled"].any()
    for days in (0, 4):
        with pytest.raises(AnalysisError, match="no first"):
            until(run, days)


@pytest.mark.statistical
def test_random_arms_on_an_untreated_world_reject_at_the_level():
    run = whole_run()
    for side, metrics in (("reader", {"ctr", "new_note_share"}), ("note", {"impressions_24h"})):
        found = null_rejection(run, side, 1.0, 1, 2_000)
        assert metrics <= set(found)
        # The 99 % binomial band of 2,000 draws is 3.8 to 6.3 %; a world adds a little of its own.
        assert all(0.03 < found[name] < 0.075 for name in metrics), found
    assert null_rejection(run, "reader", 1.0, 1, 0) == {}
    assert null_rejection(run, "reader", 0.01, 1, 50) == {}, "too few units"
