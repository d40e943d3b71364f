"""One past for all worlds of a seed: run it once, then let each world go on from its end.

Before the first measured day the treatment does nothing, and arms are labels. So the plain world is
run up to the last hour before that day, and every other world of the seed takes over its state and
its tables, with arms of its own. Results are the same bit for bit as without.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.app import api, build
from simulator.contracts.errors import RunError
from simulator.contracts.events import HOUR_S

if TYPE_CHECKING:
    from simulator.app.resolved import ResolvedScenario
    from simulator.contracts.plugins import ExperimentDesign

PAST: Final = "past"
"""Folder of shared pasts inside a study; they go when their seed is done."""

_STATE: Final = "checkpoints/state.npz"


@dataclass(frozen=True, slots=True)
class Past:
    """Where the shared past of a seed is.

    Attributes:
        plain: the world without the treatment.
        folder: its run folder, stopped shortly before the first measured day.
    """

    plain: ResolvedScenario
    folder: Path

    @classmethod
    def of(cls, plain: ResolvedScenario, study: Path) -> Past:
        """Return the place of a seed's past in a study's folder."""
        return cls(plain, api.run_path(plain, study / PAST))

    @property
    def is_ready(self) -> bool:
        """Return whether it has been run far enough."""
        return (self.folder / _STATE).exists() and self._time() >= self._stop_from

    @property
    def _stop_from(self) -> float:
        return float(self.plain.warm_up_s - HOUR_S)

    def _time(self) -> float:
        from simulator.engine import checkpoint

        return checkpoint.load(self.folder / _STATE, self.plain.hash8)[0].t

    def run(self) -> None:
        """Run it as far as it is shared; half of it is gone on with."""
        from simulator.engine.replication import Hooks, InterruptedRunError

        if self.is_ready or not self.plain.warm_up_s:
            return
        hooks = Hooks(stop_from=self._stop_from)
        try:
            api.run(self.plain, out=self.folder.parent, resume=True, hooks=hooks)
        except InterruptedRunError:
            return

    def drop(self) -> None:
        """Delete it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def can_share(scenario: ResolvedScenario) -> bool:
    """Return whether a world has the past of the plain world.

    Not where policies are told of a part of the platform, where requests take another path, where
    arms learn apart, or where channels find another number of notes, from the start of the run.
    """
    if scenario.experiment is None:
        return True
    design = build.plugin("experiment", scenario.experiment)
    fetched = getattr(design, "fetched", int)
    usual = [k for config in scenario.recall if (k := getattr(config, "k", None)) is not None]
    return not (
        design.splits_counters
        or getattr(design, "learns_apart", False)
        or getattr(design, "merging", None) is not None
        or any(fetched(k) != k for k in usual)
    )


def has_begun(scenario: ResolvedScenario, runs: Path) -> bool:
    """Return whether a world is finished or has a checkpoint of its own."""
    path = api.run_path(scenario, runs)
    return api.is_finished(path) or (path / _STATE).exists()


def fork(scenario: ResolvedScenario, past: Past, runs: Path) -> None:
    """Start a world from the shared past; it is left as a run to resume.

    Args:
        scenario: the world.
        past: its past, ready.
        runs: folder of runs.

    Raises:
        RunError: the past is not that of the world; the run then starts from its own beginning.
    """
    from simulator.engine.arms import Arms
    from simulator.results.fork import copy_tables

    times = build.timetable(scenario, 0)
    with api.open_folder(scenario, api.run_path(scenario, runs), resume=False) as folder:
        folder.writers()
        design = None if scenario.experiment is None else set_up(scenario)
        arms = Arms(design, start_t=float(times.warm_up_s))
        copy_tables(past.folder, folder.path, arms.of_readers, arms.of_notes)
        replication = build.build_replication(scenario, folder.writers(), folder.path, times)
        replication.fork(past.folder / _STATE, past.plain.hash8)


def begin(scenario: ResolvedScenario, past: Past, runs: Path) -> None:
    """Start a world from the shared past where that can be; otherwise do nothing."""
    if has_begun(scenario, runs) or not can_share(scenario) or not past.is_ready:
        return
    try:
        fork(scenario, past, runs)
    except RunError:
        shutil.rmtree(api.run_path(scenario, runs) / "checkpoints", ignore_errors=True)


def set_up(scenario: ResolvedScenario) -> ExperimentDesign[Any]:
    """Return the design of a scenario that has one, told the platform."""
    encoder = build.plugin("content", scenario.content)
    design: ExperimentDesign[Any] = build.plugin("experiment", scenario.experiment)  # type: ignore[arg-type]
    design.setup(build.platform_spec(scenario, encoder.embedding_dim))
    return design
