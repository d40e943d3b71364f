"""The scenarios that one can start from, and the question each answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dashboard.workspace import Workspace
from simulator.app.files import bundled_scenarios, is_sweep
from simulator.app.loading import load_scenario
from simulator.contracts.errors import NotesimError
from simulator.contracts.events import DAY_S


@dataclass(frozen=True, slots=True)
class Offer:
    """A scenario of the gallery.

    Attributes:
        name: what lists call it; file name without ending.
        path: its file.
        question: what it answers.
        readers: size of the world.
        days: measured days.
        is_experiment: whether it holds an experiment.
        is_own: whether it was saved in this workspace.
    """

    name: str
    path: Path
    question: str
    readers: int
    days: int
    is_experiment: bool
    is_own: bool


def offers(place: Workspace) -> list[Offer]:
    """Return what can be started: saved scenarios first, then bundled ones by size of the world."""
    own = [_offer(path, path.stat().st_mtime, is_own=True) for path in _saved(place)]
    bundled = [
        _offer(path, path.stat().st_mtime, is_own=False) for path in bundled_scenarios().values()
    ]
    known = [offer for offer in bundled if offer is not None]
    known.sort(key=lambda offer: (offer.is_experiment, offer.readers * offer.days, offer.name))
    return [offer for offer in own if offer is not None] + known


def offer(place: Workspace, name: str) -> Offer | None:
    """Return an offer by name, None when there is none; a saved one hides a bundled one."""
    return next((found for found in offers(place) if found.name == name), None)


def _saved(place: Workspace) -> list[Path]:
    found = sorted(place.scenarios.glob("*.yaml"))
    return [path for path in found if not path.is_symlink() and not is_sweep(path)]


@lru_cache(maxsize=512)
def _offer(path: Path, changed: float, *, is_own: bool) -> Offer | None:  # noqa: ARG001  (cache key)
    """Return what lists show of a file, None for one that has mistakes."""
    try:
        scenario = load_scenario(path)
    except NotesimError:
        return None
    return Offer(
        name=path.stem,
        path=path,
        question=" ".join(scenario.question.split()),
        readers=scenario.world.readers.n,
        days=scenario.horizon_s // DAY_S,
        is_experiment=scenario.experiment is not None,
        is_own=is_own,
    )
