"""Neural rankers against the linear one, on the same impressions of the quickstart world.

With its tables: `python -m pytest -m "slow and statistical" tests/statistical/test_rankers.py -s`
"""

import sys

import pandas as pd
import pytest

from tests.statistical.ranker_panel import AGES, band, judge, quality
from tests.support.small_runs import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.statistical]

SEEDS = (1, 2, 3)
LINEAR = "online_logistic"
NEURAL = ("shared_bottom", "mmoe", "ple", "esmm")
HEADS = ("click", "like", "collect", "comment", "share", "dwell")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Quality by seed, age band, head and ranker; the linear ranker serves, all judge."""
    rows = []
    for seed in SEEDS:
        settings = {"seed": seed, "policies": []}
        judged = judge(ROOT / "scenarios" / "quickstart.yaml", settings, (LINEAR, *NEURAL))
        rows += [
            {"seed": seed, "age": age, "head": head, "ranker": name}
            | quality(band(judged, age), name, head)
            for age in ("all", *AGES)
            for head in HEADS
            for name in (LINEAR, *NEURAL)
        ]
    found = pd.DataFrame(rows)
    means = found.groupby(["head", "age", "ranker"]).mean(numeric_only=True).drop(columns="seed")
    sys.stdout.write(f"\nmeans over seeds {SEEDS}\n{means.round(4).to_string()}\n")
    return found.set_index(["head", "age", "ranker", "seed"]).sort_index()


@pytest.mark.parametrize("name", NEURAL)
@pytest.mark.parametrize("measure", ["auc", "gauc"])
def test_clicks_are_ordered_better_by_every_network(table, name, measure):
    gain = table.loc[("click", "all", name), measure] - table.loc[("click", "all", LINEAR), measure]
    assert (gain > 0.005).all()


@pytest.mark.parametrize("name", NEURAL)
@pytest.mark.parametrize("age", ["all", *AGES])
def test_clicks_are_foretold_better_at_every_age(table, name, age):
    loss = table["log_loss"]
    assert loss.loc["click", age, name].mean() < loss.loc["click", age, LINEAR].mean()


@pytest.mark.parametrize("name", NEURAL)
@pytest.mark.parametrize("head", ["like", "collect", "comment", "share"])
def test_rare_actions_are_foretold_about_as_well(table, name, head):
    loss = table["log_loss"]
    assert loss.loc[head, "all", name].mean() < 1.02 * loss.loc[head, "all", LINEAR].mean()


@pytest.mark.parametrize("name", NEURAL)
def test_what_is_foretold_is_of_the_right_size(table, name):
    for head in ("click", "like", "collect", "dwell"):
        assert 0.85 < table["calibration"].loc[head, "all", name].mean() < 1.15, head


@pytest.mark.parametrize("name", NEURAL)
def test_new_notes_gain(table, name):
    gain = table["auc"].loc["click", :, name] - table["auc"].loc["click", :, LINEAR]
    by_age = gain.groupby("age").mean()
    assert by_age["new"] > 0.01
