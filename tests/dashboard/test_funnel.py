"""The page of the funnel."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.results.result import Result
from tests.dashboard.conftest import Opened


@pytest.fixture
def names(full_workspace: Path) -> list[str]:
    """Return the names of the run without and the run with a boost."""
    return sorted((p.name for p in (full_workspace / "runs").iterdir()), reverse=True)


def test_an_empty_workspace_says_so(tmp_path: Path, open_page: Opened) -> None:
    page = open_page("funnel", tmp_path)
    assert any("no finished run" in box.value for box in page.info)


def test_one_run(full_workspace: Path, open_page: Opened, names: list[str]) -> None:
    page = open_page("funnel", full_workspace, run=names[0])
    assert len(page.metric) == 5
    assert not any(card.delta for card in page.metric)
    table = page.dataframe[0].value
    assert list(table["Channel"]) == list(
        Result.open(full_workspace / "runs" / names[0]).manifest.channels
    )


def test_two_runs_side_by_side(full_workspace: Path, open_page: Opened, names: list[str]) -> None:
    page = open_page("funnel", full_workspace, run=names[0], beside=names[1])
    assert all(card.delta.startswith("baseline") for card in page.metric)
    assert set(page.dataframe[0].value["Run"]) == set(names)


def test_new_notes_only(full_workspace: Path, open_page: Opened, names: list[str]) -> None:
    everything = open_page("funnel", full_workspace, run=names[0]).dataframe[0].value
    page = open_page("funnel", full_workspace, run=names[0], of="new")
    new = page.dataframe[0].value
    assert page.query_params["of"] == "new"
    assert new["Impressions found"].sum() < everything["Impressions found"].sum()


def test_nonsense_in_the_address_is_passed_over(
    full_workspace: Path, open_page: Opened, names: list[str]
) -> None:
    page = open_page("funnel", full_workspace, run="../x", beside="nobody", of="some")
    assert len(page.metric) == 5
    assert page.selectbox(key="pick-beside").value == ""


def test_a_short_run_still_shows_channels(other_seed: Result, open_page: Opened) -> None:
    root = other_seed.folder.parents[1]
    page = open_page("funnel", root, run=other_seed.folder.name)
    assert any("has passed its window" in box.value for box in page.info)
    assert len(page.dataframe) == 1


def test_the_page_speaks_chinese(full_workspace: Path, open_page: Opened, names: list[str]) -> None:
    page = open_page("funnel", full_workspace, run=names[0], beside=names[1], lang="zh")
    assert page.title[0].value == "漏斗"
