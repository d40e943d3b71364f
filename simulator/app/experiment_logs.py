"""What an experiment keeps of the event logs of its tests: sums, in one small file a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.contracts.plugins import ExperimentDesign
    from simulator.experiments.cells import Cells
    from simulator.experiments.leaks import Leaks
    from simulator.experiments.session_reads import SessionReading
    from simulator.experiments.two_sides import TwoSidesRead
    from simulator.results.result import Result

KEPT: Final = "kept.npz"
"""File in the run folder of a test."""


@dataclass(frozen=True, slots=True)
class Logged:
    """What the event log of one test says.

    Attributes:
        leaks: impressions that break the design.
        two_sides: estimators on the four cells, where readers and creators are both randomised and
            each cell has impressions.
        sessions: Differences-in-Q of an author-side test, one a reward; empty for other designs.
    """

    leaks: Leaks
    two_sides: TwoSidesRead | None = None
    sessions: tuple[SessionReading, ...] = ()


def keep(result: Result, design: ExperimentDesign[Any], n_control: int) -> None:
    """Sum the event log of a test into the file, unless it is there or the log is not.

    Args:
        result: a finished run of the design.
        design: the design, set up.
        n_control: number of control's policies.

    Raises:
        RunError: the file could not be written.
    """
    from simulator.experiments.cells import cells_of
    from simulator.experiments.session_reads import effects_or_none
    from simulator.results.atomic import atomic_write

    path = result.folder / KEPT
    if path.exists() or not (result.folder / "events").is_dir():
        return
    arrays = {f"cells/{k}": v for k, v in cells_of(result, design, n_control).arrays().items()}
    effects = effects_or_none(result, design)
    if effects is not None:
        arrays["sessions/effects"] = effects

    def fill(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)

    atomic_write(path, fill)


def logged_of(
    test: Result, control: Result, launch: Result, design: ExperimentDesign[Any]
) -> Logged | None:
    """Read what was kept of a test's log; None when the log went without it.

    Args:
        test: the run of the design.
        control: the world without the treatment.
        launch: the world where everybody is treated.
        design: the design, set up.
    """
    from simulator.experiments.leaks import leaks_of
    from simulator.experiments.session_reads import read_sessions, session_levels
    from simulator.experiments.two_sides import launch_totals, market_balance, read_cells

    cells = kept_cells(test)
    if cells is None:
        return None
    two_sides = None
    if cells.is_crossed:
        totals = launch_totals(control, launch)
        told = getattr(design.config, "balance", None)
        two_sides = read_cells(cells, market_balance(test), totals, told)
    effects = _part(test, "sessions/").get("effects")
    sessions: tuple[SessionReading, ...] = ()
    if effects is not None:
        sessions = read_sessions(effects, session_levels(control), session_levels(launch))
    return Logged(leaks_of(cells, design), two_sides, sessions)


def kept_cells(result: Result) -> Cells | None:
    """Return the sums by pairs of arms of a test; None when its log went without them."""
    from simulator.experiments.cells import Cells

    arrays = _part(result, "cells/")
    return Cells(**arrays) if arrays else None


def _part(result: Result, prefix: str) -> dict[str, Any]:
    path = result.folder / KEPT
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as file:
        return {n.removeprefix(prefix): file[n] for n in file.files if n.startswith(prefix)}
