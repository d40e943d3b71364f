"""The process of one job: `python -m dashboard.task WORKSPACE JOB`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashboard.jobs import SCENARIO, Job, read_job
from dashboard.worker import settle
from dashboard.workspace import Workspace, inside
from simulator.contracts.errors import NotesimError

if TYPE_CHECKING:
    from simulator.sweeps.execute import Outcome

_PERIOD_S: Final = 0.5


@dataclass(slots=True)
class Progress:
    """Writes the share of the work that is done, twice a second at most.

    Attributes:
        job: whose status it is.
        total: amount of work.
        written: time of the last writing, seconds.
    """

    job: Job
    total: float
    written: float = 0.0

    def __call__(self, done: float, message: str) -> None:
        """Take note of the amount of work that is done."""
        now = time.monotonic()
        if now - self.written >= _PERIOD_S:
            self.written = now
            share = min(1.0, done / self.total) if self.total else 0.0
            settle(self.job, state="running", share=share, message=message, result="")


def perform(place: Workspace, job: Job) -> str:
    """Do the work of a job and return the name of its result.

    Raises:
        NotesimError: it could not be done.
    """
    kinds: dict[str, Callable[[Workspace, Job], str]] = {"run": _run, "experiment": _experiment}
    return kinds[job.kind](place, job)


def _run(place: Workspace, job: Job) -> str:
    from simulator.app import api
    from simulator.engine.replication import Hooks

    scenario = api.resolve(job.folder / SCENARIO)
    progress = Progress(job, float(scenario.warm_up_s + scenario.horizon_s))
    hooks = Hooks(progress=lambda t, seen: progress(t, f"{seen:,}"))
    return api.run(scenario, out=place.runs, resume=True, hooks=hooks).folder.name


def _experiment(place: Workspace, job: Job) -> str:
    from simulator.app import experiments
    from simulator.app.experiment_files import write_experiment
    from simulator.app.experiment_words import Agreed

    asked = job.options
    study = experiments.plan(
        job.folder / SCENARIO, {}, tuple(asked.get("designs", ())), int(asked.get("seeds", 1))
    )
    progress = Progress(job, float(len(study.cells())))
    n_done = 0

    def told(_outcome: Outcome) -> None:
        nonlocal n_done
        n_done += 1
        progress(n_done, "")

    options = experiments.Options(jobs=int(asked.get("jobs", 1)), told=told)
    found = experiments.run_study(study, place.experiments, options)
    folder = study.folder(place.experiments)
    agreed = Agreed(asked.get("primary"), asked.get("guardrails") or {}, asked.get("target"))
    write_experiment(found, folder, agreed, str(asked.get("command", "")))
    return folder.name


def main(root: str, name: str) -> int:
    """Do one job, write how it went, and return the exit code."""
    place = Workspace(Path(root))
    job = read_job(inside(place.jobs, name))
    try:
        result = perform(place, job)
    except NotesimError as error:
        settle(job, state="failed", share=read_job(job.folder).share, message=str(error), result="")
        return error.exit_code
    settle(job, state="done", share=1.0, message="", result=result)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
