"""The finished experiments of a workspace, and their reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from dashboard.workspace import Workspace, WorkspaceError, inside

REPORT: Final = "report.json"

Report = Mapping[str, Any]
"""Content of a report; keys may be missing, as older and newer versions write different ones."""


@dataclass(frozen=True, slots=True)
class ExperimentCard:
    """What lists show of an experiment.

    Attributes:
        id: name of its folder.
        folder: the folder.
        changed: time of the report's last change, seconds since 1970.
        report: content of the report.
    """

    id: str
    folder: Path
    changed: float
    report: Report

    @property
    def designs(self) -> list[str]:
        """Return the names of the designs that were read."""
        return list(self.report.get("tests") or {})

    @property
    def seeds(self) -> list[int]:
        """Return the seeds."""
        return list(self.report.get("seeds") or [])

    def control_run(self) -> Path | None:
        """Return the folder of the world without treatment at the first seed, if it is there."""
        for run in self.report.get("runs") or ():
            if run.get("world") == "control":
                _, _, name = str(run.get("run", "")).rpartition("/")
                try:
                    folder = inside(self.folder / "runs", name)
                except WorkspaceError:
                    return None
                return folder if folder.is_dir() else None
        return None


def experiment_cards(place: Workspace) -> list[ExperimentCard]:
    """Return the finished experiments, newest first; those that cannot be read are left out."""
    found = [_card(place, path.parent.name) for path in place.experiments.glob(f"*/{REPORT}")]
    cards = [card for card in found if card is not None and card.designs]
    return sorted(cards, key=lambda card: (-card.changed, card.id))


def _card(place: Workspace, name: str) -> ExperimentCard | None:
    try:
        folder = inside(place.experiments, name)
        changed = (folder / REPORT).stat().st_mtime
        return ExperimentCard(name, folder, changed, _report(folder / REPORT, changed))
    except (WorkspaceError, OSError, ValueError):
        return None


@lru_cache(maxsize=64)
def _report(path: Path, changed: float) -> Report:  # noqa: ARG001  (part of the cache's key)
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds no report")  # noqa: TRY004  (as for text that is no JSON)
    return content
