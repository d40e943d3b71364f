"""The first page, in an empty workspace and in a used one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard import jobs
from dashboard.workspace import Workspace
from tests.dashboard.conftest import Opened


def test_an_empty_workspace_offers_scenarios_and_a_first_run(
    tmp_path: Path, open_page: Opened
) -> None:
    page = open_page("start", tmp_path)
    assert any("Nothing has been run" in box.value for box in page.info)
    assert page.button(key="run-quickstart-False") is not None


def test_recent_runs_are_listed(full_workspace: Path, open_page: Opened) -> None:
    page = open_page("start", full_workspace)
    names = set(page.dataframe[0].value["Run"])
    assert {name.rpartition("-")[0] for name in names} == {"tiny", "boosted"}


def test_the_page_speaks_chinese(tmp_path: Path, open_page: Opened) -> None:
    page = open_page("start", tmp_path, lang="zh")
    assert page.title[0].value.startswith("冷启动")


def test_a_run_is_queued_by_its_button(
    tmp_path: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ensure_worker", lambda _place: None)
    page = open_page("start", tmp_path)
    page.button(key="run-smoke-False").click().run()
    assert not page.exception
    assert [(job.title, job.state) for job in jobs.jobs(Workspace(tmp_path))] == [
        ("smoke", "queued")
    ]


def test_the_search_narrows_the_gallery(tmp_path: Path, open_page: Opened) -> None:
    page = open_page("start", tmp_path)
    page.text_input(key="search").set_value("no such word at all").run()
    assert any("No scenario fits" in box.value for box in page.caption)
