"""The folder that the dashboard works in, and the only places in it that it reads."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.contracts.errors import NotesimError
from simulator.results.folder import MANIFEST, RunFolder
from simulator.results.result import Result

if TYPE_CHECKING:
    from simulator.results.manifest import Manifest

ENVIRONMENT: Final = "NOTESIM_WORKSPACE"
"""Environment variable that names the workspace; the working directory without it."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class WorkspaceError(NotesimError):
    """What was asked for is not in the workspace."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class RunCard:
    """What lists show of a run.

    Attributes:
        id: name of its folder.
        facts: its manifest.
        changed: time of the manifest's last change, seconds since 1970.
        has_events: whether the event log was kept.
    """

    id: str
    facts: Manifest
    changed: float
    has_events: bool

    @property
    def label(self) -> str:
        """Return a line that tells runs apart: folder, seed and policies."""
        policies = ", ".join(self.facts.policies) or "none"
        return f"{self.id} · seed {self.facts.seed} · {policies}"


class Workspace:
    """Runs, experiments, saved scenarios and jobs under one folder.

    Args:
        root: the folder; it may be empty.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).resolve()
        self.runs = self.root / "runs"
        self.experiments = self.root / "experiments"
        self.scenarios = self.root / "tuned"
        self.jobs = self.root / ".notesim" / "jobs"

    def run_cards(self) -> list[RunCard]:
        """Return the finished runs, newest first; folders that cannot be read are left out."""
        found = [self._card(path.parent) for path in self.runs.glob(f"*/{MANIFEST}")]
        cards = [card for card in found if card is not None and card.facts.status == "done"]
        return sorted(cards, key=lambda card: (-card.changed, card.id))

    def _card(self, folder: Path) -> RunCard | None:
        if folder.name.endswith(".replaced") or not _ID.fullmatch(folder.name):
            return None
        try:
            place = inside(self.runs, folder.name)
            changed = (place / MANIFEST).stat().st_mtime
            return RunCard(
                folder.name, _manifest(place, changed), changed, (place / "events").is_dir()
            )
        except (NotesimError, OSError):
            return None

    def open_run(self, name: str) -> Result:
        """Open a finished run by the name of its folder; the same object while it is unchanged.

        Raises:
            WorkspaceError: no folder of the workspace has that name.
            RunError: the run is not finished or damaged.
        """
        folder = inside(self.runs, name)
        if not (folder / MANIFEST).is_file():
            raise WorkspaceError(f"There is no run {name[:80]!r} in this workspace.")
        return _result(folder, (folder / MANIFEST).stat().st_mtime)


def inside(parent: Path, name: str) -> Path:
    """Return a folder's child by name.

    Raises:
        WorkspaceError: the name is no plain name, or leads elsewhere through a link.
    """
    if not _ID.fullmatch(name):
        raise WorkspaceError(f"{name[:80]!r} is no name of a folder in this workspace.")
    path = parent / name
    if path.is_symlink() or path.resolve().parent != parent.resolve():
        raise WorkspaceError(f"{name!r} leads out of this workspace.")
    return path


def workspace() -> Workspace:
    """Return the workspace of this dashboard."""
    return Workspace(os.environ.get(ENVIRONMENT, "."))


@lru_cache(maxsize=512)
def _manifest(folder: Path, changed: float) -> Manifest:  # noqa: ARG001  (part of the cache's key)
    return RunFolder(folder).manifest


@lru_cache(maxsize=16)
def _result(folder: Path, changed: float) -> Result:  # noqa: ARG001  (part of the cache's key)
    return Result.open(folder)
