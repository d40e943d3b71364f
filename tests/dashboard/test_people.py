"""Creators and readers: curves, cohorts and realism."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.frames import people as frames
from dashboard.frames.realism import place
from dashboard.workspace import Workspace
from simulator.metrics.intervals import wilson
from simulator.metrics.realism.facts import Band
from simulator.results.result import Result
from tests.dashboard.conftest import Opened


def names(root: Path) -> list[str]:
    return [card.id for card in Workspace(root).run_cards()]


@pytest.fixture
def run(full_workspace: Path) -> Result:
    """Return a tiny run of two days."""
    return Workspace(full_workspace).open_run(names(full_workspace)[0])


def test_an_empty_workspace_says_so(tmp_path: Path, open_page: Opened) -> None:
    page = open_page("people", tmp_path)
    assert any("no finished run" in box.value for box in page.info)


@pytest.mark.parametrize(
    ("part", "lang"), [("creators", "zh"), ("readers", "en"), ("days", "zh"), ("realism", "zh")]
)
def test_every_part_is_drawn(full_workspace: Path, open_page: Opened, part: str, lang: str) -> None:
    page = open_page("people", full_workspace, part=part, lang=lang)
    assert len(page.metric) == 5
    assert page.query_params["part"] == part


def test_two_runs_are_compared(full_workspace: Path, open_page: Opened) -> None:
    first, second = names(full_workspace)
    page = open_page("people", full_workspace, run=first, baseline=second, cut="cohort",
                     part="readers")  # fmt: skip
    assert page.metric[0].delta
    assert page.query_params["baseline"] == second


def test_the_worlds_rules_stay_behind_their_switch(full_workspace: Path, open_page: Opened) -> None:
    page = open_page("people", full_workspace, part="creators")
    assert not page.table
    page.toggle(key="people-oracle").set_value(True).run()
    assert not page.exception
    assert "reference_impressions" in page.table[0].value.index


def test_nonsense_in_the_address_is_ignored(full_workspace: Path, open_page: Opened) -> None:
    open_page("people", full_workspace, run="../x", baseline="y", part="z", cut="w")


def test_facts_are_counted_over_what_can_be_judged(full_workspace: Path, open_page: Opened) -> None:
    page = open_page("people", full_workspace, part="realism")
    table = page.dataframe[-1].value
    judged = table[~table["Verdict"].str.startswith("–")].drop_duplicates("Fact")
    holds = judged["Verdict"].str.startswith("✓").sum()
    assert any(f"{holds} of {len(judged)}" in box.value for box in page.markdown)


def test_thirds_have_the_same_size_and_nothing_stands_apart() -> None:
    amount = pd.Series([0, 0, *range(1, 10)], index=range(100, 111))
    parts = frames.segments(amount)
    assert parts["segment"].value_counts().to_dict() == {"none": 2, "low": 3, "mid": 3, "high": 3}
    assert parts.loc[108, "range"] == "7 – 9"


def test_survival_counts_those_who_are_still_followed() -> None:
    """By hand: 20 at risk, 5 events at day 1, then 10 leave, then 5 of the last 10 at day 3."""
    waited = np.r_[np.full(5, 1.0), np.full(5, 2.0), np.full(10, 3.0)]
    happened = np.r_[np.ones(5, bool), np.zeros(5, bool), np.arange(10) < 5]
    found = frames.survival(waited, happened).set_index("day")
    share = dict(zip(found.index, found["share"], strict=True))
    assert share[0.75] == 0.0
    assert share[1.0] == pytest.approx(0.25)
    assert share[3.0] == pytest.approx(1 - 0.75 * 0.5)
    inner = found.loc[1.0:]
    assert ((inner["low"] < inner["share"]) & (inner["share"] < inner["high"])).all()
    lifetimes = frames.survival(np.full(12, 2.0), np.zeros(12, bool))
    assert (lifetimes["share"] == 0.0).all()


def test_day_n_counts_only_units_whose_day_is_in_the_run() -> None:
    early = pd.DataFrame({"unit": np.arange(20), "day": 0})
    late = pd.DataFrame({"unit": np.arange(20, 40), "day": 1})
    back = pd.DataFrame({"unit": np.arange(5), "day": 1})
    group = pd.Series("all", index=range(40))
    found = frames.day_n(pd.concat([early, late, back]), group, last_day=1).set_index("n")
    assert list(found.index) == [1]
    assert (found.loc[1, "units"], found.loc[1, "share"]) == (20, 0.25)
    low, high = wilson(np.array([0.25]), np.array([20.0]))
    # Wilson's interval of 5 of 20 as published in tables: 11.2 % to 46.9 %
    assert (found.loc[1, "low"], found.loc[1, "high"]) == (low[0], high[0])
    assert (low[0], high[0]) == (pytest.approx(0.112, abs=1e-3), pytest.approx(0.469, abs=1e-3))


def test_next_day_agrees_with_a_plain_count(run: Result) -> None:
    visits = run.readers[["reader_id", "day"]]
    today = set(visits.loc[visits["day"] == 0, "reader_id"])
    tomorrow = set(visits.loc[visits["day"] == 1, "reader_id"])
    assert frames.next_day_share(run) == pytest.approx(len(today & tomorrow) / len(today))
    table = frames.next_day(run)
    assert set(table["segment"]) <= set(frames.SEGMENTS)
    assert table["units"].sum() == len(today)


def test_days_hold_every_note_and_reader(run: Result) -> None:
    table = frames.by_day(run).pivot_table(index="day", columns="what", values="value")
    notes = run.notes[run.notes["published_t"] >= 0]
    assert table["notes"].sum() == len(notes)
    assert table["dau"].sum() == len(run.readers)


def test_a_value_lies_between_the_ends_of_its_band() -> None:
    band = Band("x", 0.2, 0.6)
    assert place(0.3, band) == pytest.approx(0.25)
    assert place(99.0, band) == 2.0
    assert place(2.0, Band("x", 1.0, math.inf)) == 1.0
    assert place(1.0, Band("x", 1.0, 1.0)) == 0.5
    assert math.isnan(place(math.nan, band))
