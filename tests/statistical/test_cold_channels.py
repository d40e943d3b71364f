"""Which channels find a note, from its first impression to its thousandth.

Content channels come first, look-alike once somebody has clicked, collaborative filtering last.
With its tables: `python -m pytest -m statistical tests/statistical/test_cold_channels.py -s`
"""

import sys

import numpy as np
import pandas as pd
import pytest

import simulator
from simulator.app.model import DEFAULT_RECALL
from simulator.metrics.channels import channel_tables
from simulator.results.folder import RunFolder
from simulator.results.result import Result
from tests.support.small_runs import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.statistical]

QUICKSTART = ROOT / "scenarios" / "quickstart.yaml"
SEEDS = (1, 2)
CONTENT = ("category", "keyword", "cluster")
COLLABORATIVE = ("item_cf", "swing", "user_cf", "shadow.item_cf")
COLD = ("0", "1-9")
"""Bands below 10 impressions: thresholds are at a tenth in this world."""

# No age keeps these away from new notes, as `min_age` does for the default's ItemCF.
ADDED = (
    {"type": "swing"},
    {"type": "user_cf"},
    {"type": "item_cf", "shadow": True},
    {"type": "lookalike", "max_age": "30d", "k": 20, "shadow": True},
)


@pytest.fixture(scope="module", params=SEEDS)
def run(request, tmp_path_factory) -> Result:
    """Return a run of the quickstart world without policies."""
    changes = {"seed": request.param, "policies": [], "recall": [*DEFAULT_RECALL, *ADDED]}
    return simulator.run(QUICKSTART, changes, out=tmp_path_factory.mktemp("cold"))


@pytest.fixture(scope="module")
def tables(run):
    found = channel_tables(RunFolder.open(run.folder))
    for title, frame in (("shown", found.shown), ("clicked", found.clicked)):
        sys.stdout.write(f"\n{title}\n{by_exposure(frame).round(4).to_string()}\n")
    return found


def by_exposure(frame: pd.DataFrame, column: str = "share") -> pd.DataFrame:
    """Return a column of all ages by channel and exposure band."""
    rows = frame[frame["age"] == "all"]
    order = rows["channel"].unique(), rows["exposure"].unique()
    table = rows.pivot_table(index="channel", columns="exposure", values=column)
    return table.reindex(index=order[0], columns=order[1])


def test_the_mix_moves_from_content_to_look_alike_to_collaborative(run):
    """Mean logarithm of a note's impressions where a channel found it, channel by channel."""
    events = run.events(["note_impressions", "channels"], "day >= 0")
    exposure, masks = np.log1p(events["note_impressions"]), events["channels"].to_numpy()
    centre = pd.Series(
        {
            name: exposure[(masks >> np.uint32(c) & 1).astype(bool)].mean()
            for c, name in enumerate(run.manifest.channels)
        }
    )
    sys.stdout.write(f"\nmean log(1 + impressions)\n{centre.round(2).to_string()}\n")
    assert centre[list(CONTENT)].max() + 0.5 < centre["lookalike"]
    for lookalike in ("lookalike", "shadow.lookalike"):
        assert centre[lookalike] + 0.3 < centre[list(COLLABORATIVE)].min()


def test_content_leads_before_the_tenth_impression_and_fades(tables):
    share = by_exposure(tables.shown).drop(columns="all")
    assert (share.loc[["category", "cluster"]].diff(axis=1).iloc[:, 1:] < 0).all(axis=None)
    assert (share.loc[list(CONTENT), "100+"] < 0.001).all()
    for band in COLD:
        found = share.loc[list(CONTENT), band].sum()
        assert found > 10 * share.loc[list(COLLABORATIVE), band].sum()


def test_look_alike_needs_a_click_and_then_leads_content(tables):
    share = by_exposure(tables.shown)
    assert share.loc["lookalike", "0"] == share.loc["shadow.lookalike", "0"] == 0
    assert share.loc["lookalike", "1-9"] > 0.02
    assert share.loc["lookalike", "10-99"] > share.loc[list(CONTENT), "10-99"].max()
    assert share.loc["lookalike", "100+"] < share.loc["lookalike", "10-99"]


def test_collaborative_channels_find_almost_nothing_cold(tables):
    share = by_exposure(tables.shown).loc[list(COLLABORATIVE)]
    assert (share["0"] == 0).all()
    assert (by_exposure(tables.shown, "high").loc[list(COLLABORATIVE), "1-9"] < 0.03).all()
    assert (share["1-9"] < 0.02).all()
    assert (share.drop(columns="all").diff(axis=1).iloc[:, 1:] > 0).all(axis=None)
    assert (share["100+"] > 0.1).all()


def test_collaborative_channels_miss_the_clicks_of_cold_notes(tables):
    share = by_exposure(tables.clicked)
    assert (share.loc[list(COLLABORATIVE), list(COLD)] < 0.05).all(axis=None)
    assert (share.loc[list(COLLABORATIVE), "100+"] > 0.15).all()
