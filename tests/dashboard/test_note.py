"""The page of one note."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.frames import note as frames
from simulator.results.result import Result
from tests.dashboard.conftest import Opened


@pytest.fixture
def names(full_workspace: Path) -> tuple[str, str]:
    """Return the names of the run without and the run with a boost."""
    natural, boosted = sorted((p.name for p in (full_workspace / "runs").iterdir()), reverse=True)
    return natural, boosted


def test_an_empty_workspace_says_so(tmp_path: Path, open_page: Opened) -> None:
    page = open_page("note", tmp_path)
    assert any("no finished run" in box.value for box in page.info)


def test_it_begins_with_the_best_served(
    full_workspace: Path, open_page: Opened, names: tuple[str, str]
) -> None:
    page = open_page("note", full_workspace, run=names[0])
    run = Result.open(full_workspace / "runs" / names[0])
    assert page.query_params["note"] == str(frames.choose(run, "best"))
    assert len(page.metric) == 5
    seen = int(frames.judged(run)["impressions_24h"].max())
    assert page.metric[0].value == f"{seen:,}"


def test_the_worst_served_is_one_click_away(
    full_workspace: Path, open_page: Opened, names: tuple[str, str]
) -> None:
    page = open_page("note", full_workspace, run=names[0])
    page.button(key="note-worst").click().run()
    assert not page.exception
    run = Result.open(full_workspace / "runs" / names[0])
    assert page.query_params["note"] == str(frames.choose(run, "worst"))
    assert page.metric[1].value == "missed"
    page.button(key="note-random").click().run()
    assert not page.exception


def test_a_note_stands_beside_itself_under_another_policy(
    full_workspace: Path, open_page: Opened, names: tuple[str, str]
) -> None:
    run, other = (Result.open(full_workspace / "runs" / name) for name in names)
    shared = next(
        int(i) for i in frames.judged(run).index if frames.match(run, int(i), other).how == "same"
    )
    page = open_page("note", full_workspace, run=names[0], beside=names[1], note=str(shared))
    assert any("The same note" in box.value for box in page.caption)
    assert len(page.dataframe[0].value.columns) == 3


def test_another_world_has_other_notes(
    other_seed: Result, open_page: Opened, names: tuple[str, str]
) -> None:
    root = other_seed.folder.parents[1]
    page = open_page("note", root, run=names[0], beside=other_seed.folder.name)
    assert page.selectbox(key="pick-beside").value == "", "only runs of the same seed are offered"


def test_a_short_run_has_no_note_to_judge(other_seed: Result, open_page: Opened) -> None:
    root = other_seed.folder.parents[1]
    page = open_page("note", root, run=other_seed.folder.name)
    assert any("No new note of this run" in box.value for box in page.info)


@pytest.mark.parametrize("asked", ["99999999", "-3", "<script>", "1e9"])
def test_a_note_that_is_not_there(
    full_workspace: Path, open_page: Opened, names: tuple[str, str], asked: str
) -> None:
    page = open_page("note", full_workspace, run=names[0], note=asked, peers="nobody")
    assert len(page.metric) == 5
    assert page.query_params["note"] != asked


def test_peers_can_be_chosen(
    full_workspace: Path, open_page: Opened, names: tuple[str, str]
) -> None:
    page = open_page("note", full_workspace, run=names[0], peers="category")
    page.selectbox(key="pick-peers").select("all").run()
    assert not page.exception
    assert page.query_params["peers"] == "all"


def test_the_truth_is_shown_on_demand_only(
    full_workspace: Path, open_page: Opened, names: tuple[str, str]
) -> None:
    page = open_page("note", full_workspace, run=names[0])
    assert not any("oracle" in fact for fact in page.dataframe[0].value["Fact"])
    page.toggle(key="oracle").set_value(True).run()
    assert not page.exception
    assert page.query_params["oracle"] == "1"
    rows = page.dataframe[0].value.set_index("Fact").iloc[:, 0]
    quality = next(value for fact, value in rows.items() if "oracle" in str(fact))
    assert -6 < float(quality) < 6


def test_the_page_speaks_chinese(
    full_workspace: Path, open_page: Opened, names: tuple[str, str]
) -> None:
    page = open_page("note", full_workspace, run=names[1], lang="zh", beside=names[0])
    assert page.title[0].value == "笔记旅程"
