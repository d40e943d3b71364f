"""Support leaves traces, of either sign: what the pre-ranker trusts decides which.

With its tables: `python -m pytest -m "slow and statistical" tests/statistical/test_traces.py -s`
"""

import sys

import pandas as pd
import pytest

from simulator.app.traces import plan
from simulator.app.traces_run import Options, run_study
from simulator.app.traces_words import is_clear
from tests.support.small_runs import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.statistical]

OVERBOOST = ROOT / "scenarios" / "overboost.yaml"
SMALLER = {
    "world.readers.n": 1_000,
    "warm_up": "2d",
    "horizon": "6d",
    "policies.0.cohort.share": 0.5,
    "rank": {"type": "online_logistic"},
}
BOOST = 4.0
DAYS = 4


def study_of(evidence_weight: float, out) -> dict:
    """Return the effects of a fourfold boost by outcome; two pre-rankers, one platform."""
    settings = {**SMALLER, "pre_rank": {"type": "light", "evidence_weight": evidence_weight}}
    found = run_study(plan(OVERBOOST, settings, [1, BOOST], 3, DAYS), out, Options())
    effects = {effect.outcome: effect for effect in found.effects}
    columns = ("value", "base", "difference", "low", "high", "seeds_up")
    table = {name: [getattr(e, column) for column in columns] for name, e in effects.items()}
    frame = pd.DataFrame(table, columns).T.round(4)
    sys.stdout.write(f"\nevidence weight {evidence_weight}\n{frame.to_string()}\n")
    return effects


@pytest.fixture(scope="module")
def trusting(tmp_path_factory):
    return study_of(0.55, tmp_path_factory.mktemp("trusting"))


@pytest.fixture(scope="module")
def judging(tmp_path_factory):
    return study_of(0.0, tmp_path_factory.mktemp("judging"))


@pytest.mark.parametrize("funnel", ["trusting", "judging"])
def test_a_boost_buys_impressions_from_readers_whom_a_note_suits_less(funnel, request):
    effects = request.getfixturevalue(funnel)
    for outcome in ("window_impressions", "window_rank", "evidence"):
        effect = effects[outcome]
        assert effect.low > 0, outcome
        assert effect.seeds_up == effect.seeds == 3


def test_where_rates_alone_are_judged_the_boost_lowers_what_is_believed(judging):
    for outcome in ("window_ctr", "smoothed_ctr"):
        effect = judging[outcome]
        assert is_clear(effect), outcome
        assert effect.difference < 0
        assert effect.seeds_up == 0


def test_where_exposure_is_trusted_it_is_followed_by_more_natural_traffic(trusting, judging):
    """An impression gained is followed by more of them than where rates alone are judged."""
    assert trusting["later_fresh"].difference > 0
    assert trusting["later_per_gained"].value > judging["later_per_gained"].value
    assert trusting["later_per_gained"].low > judging["later_per_gained"].low
