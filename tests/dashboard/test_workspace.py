"""Pages read run folders under the workspace and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.workspace import Workspace, WorkspaceError, inside


def test_an_empty_workspace_has_no_runs(tmp_path: Path) -> None:
    assert Workspace(tmp_path / "not there").run_cards() == []


def test_runs_are_listed_and_opened_once(full_workspace: Path) -> None:
    place = Workspace(full_workspace)
    cards = place.run_cards()
    assert {card.facts.name for card in cards} == {"tiny", "boosted"}
    assert all(card.has_events for card in cards)
    assert place.open_run(cards[0].id) is place.open_run(cards[0].id)


@pytest.mark.parametrize("name", ["..", "../x", "/etc", "a/b", "", ".hidden", "x" * 200, "a\0"])
def test_names_that_lead_elsewhere_are_refused(full_workspace: Path, name: str) -> None:
    with pytest.raises(WorkspaceError):
        Workspace(full_workspace).open_run(name)


def test_links_out_of_the_workspace_are_refused(tmp_path: Path, full_workspace: Path) -> None:
    place = Workspace(tmp_path)
    place.runs.mkdir()
    target = next(path for path in (full_workspace / "runs").iterdir() if path.is_dir())
    (place.runs / "linked").symlink_to(target)
    assert place.run_cards() == []
    with pytest.raises(WorkspaceError, match="leads out"):
        place.open_run("linked")
    with pytest.raises(WorkspaceError, match="leads out"):
        inside(place.runs, "linked")


def test_damaged_folders_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "broken-12345678"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"format": "notesim-run", "version"', encoding="utf-8")
    place = Workspace(tmp_path)
    assert place.run_cards() == []
    with pytest.raises(WorkspaceError, match="no run"):
        place.open_run("missing-12345678")
