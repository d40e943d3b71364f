"""Runs a study, reads every test at every horizon, and holds it against the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.app import api, build
from simulator.app.loading import load_scenario
from simulator.app.studies.planning import DesignStudy, Job
from simulator.contracts.errors import RunError
from simulator.contracts.events import DAY_S
from simulator.experiments.errors import AnalysisError
from simulator.experiments.studies.cases import Case, CaseReading

if TYPE_CHECKING:
    from simulator.contracts.plugins import ExperimentDesign
    from simulator.results.result import Result
    from simulator.sweeps.execute import Outcome
    from simulator.sweeps.plan import Cell

RUNS: Final = "runs"


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """How to run a study.

    Attributes:
        jobs: processes on this machine; -1 for one a core.
        retries: times that a failed run is tried again.
        keep_events: whether runs keep their event logs.
        told: called with each outcome as it comes in.
    """

    jobs: int = 1
    retries: int = 1
    keep_events: bool = False
    told: Callable[[Outcome], None] = lambda _outcome: None


@dataclass(frozen=True, slots=True)
class StudyFound:
    """What a study has found.

    Attributes:
        study: the study.
        readings: one a case, seed, design and metric.
        outcomes: one a run, in the order of the study's cells.
        unread: what could not be read, and why.
    """

    study: DesignStudy
    readings: list[CaseReading]
    outcomes: list[Outcome]
    unread: list[str]

    @property
    def failed(self) -> list[Outcome]:
        """Runs that failed; tests that need them are left out."""
        return [outcome for outcome in self.outcomes if outcome.status == "failed"]


def run_design_study(
    study: DesignStudy, out: Path | str | None, options: StudyOptions
) -> StudyFound:
    """Run what is not finished yet of a study, and read all of it.

    The same call resumes: finished runs are kept, half-finished ones go on from their checkpoint.

    Args:
        study: what to run.
        out: folder for studies; `studies` by default.
        options: how to run it.

    Raises:
        RunError: no test has all the runs that it needs.
    """
    from simulator.sweeps.execute import execute

    folder = study.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    sources = {name: str(path) for name, path in study.sources.items()}
    work = _Work(sources, str(folder), options.keep_events)
    outcomes = execute(
        study.cells, work, jobs=options.jobs, retries=options.retries, told=options.told
    )
    found = StudyFound(study, [], outcomes, [])
    for seed in study.seeds:
        _read_seed(found, folder, seed)
    if not found.readings:
        why = found.failed[0].message if found.failed else "; ".join(found.unread[:3])
        raise RunError(f"No test of the study could be read: {why}", "design-study")
    return found


@dataclass(frozen=True, slots=True)
class _Work:
    """Runs one cell in whatever process it is called."""

    sources: Mapping[str, str]
    folder: str
    keep_events: bool

    def __call__(self, cell: Cell) -> Outcome:
        from simulator.sweeps.execute import Outcome

        source, runs = self.sources[cell.variant.case], Path(self.folder) / RUNS
        result = api.run(source, cell.settings, out=runs, resume=True, keep_events=self.keep_events)
        run = f"{RUNS}/{result.folder.name}"
        return Outcome(cell.index, "done", run, result.digest, result.manifest.cpu_s or 0.0)


@dataclass(slots=True)
class _Seed:
    """Runs of one seed, and what tests share."""

    seed: int
    truths: dict[tuple[str, str, str], Result]
    null: dict[tuple[str, int, str, int, float], dict[str, float]]


def _read_seed(found: StudyFound, folder: Path, seed: int) -> None:
    from simulator.results.result import Result

    study = found.study
    there = [
        (study.job_of(cell), Result.open(folder / outcome.run))
        for cell, outcome in zip(study.cells, found.outcomes, strict=True)
        if cell.seed == seed and outcome.status == "done"
    ]
    truths: dict[tuple[str, str, str], Result] = {
        (job.world, policy, job.role): result
        for job, result in there
        if job.role != "test"
        for policy in job.policies
    }
    shared = _Seed(seed, truths, {})
    for job, test in there:
        if job.role == "test":
            _read_test(found, shared, job, test)


def _read_test(found: StudyFound, shared: _Seed, job: Job, test: Result) -> None:
    (policy,) = job.policies
    control, launch = (
        shared.truths.get((job.world, policy, role)) for role in ("control", "launch")
    )
    if control is None or launch is None:
        found.unread.append(f"{job.label}, seed {shared.seed}: the truth is missing")
        return
    design = _design_of(found.study, job, shared.seed)
    for horizon in found.study.config.horizons:
        case = Case(job.world, policy, horizon // DAY_S, job.traffic)
        try:
            worlds = (test, control, launch)
            found.readings.extend(_readings(found.study, shared, case, job, design, worlds))
        except AnalysisError as error:
            found.unread.append(f"{job.label}, {case.days} d, seed {shared.seed}: {error}")


def _readings(
    study: DesignStudy,
    shared: _Seed,
    case: Case,
    job: Job,
    design: ExperimentDesign[Any],
    worlds: tuple[Result, Result, Result],
) -> list[CaseReading]:
    from simulator.experiments.reading import both_levels, read
    from simulator.experiments.scorecard import readings_of
    from simulator.experiments.studies.horizons import until

    test, control, launch = (until(world, case.days) for world in worlds)
    levels = both_levels(control, launch, design)
    found = readings_of(shared.seed, job.design, read(test, design), levels)
    null: dict[str, float] = {}
    for side in design.sides:
        null |= _null(study, shared, case, side, control, worlds[1])
    cost = 1.0 - _minutes(test) / _minutes(control)
    return [CaseReading(case, r, cost, null.get(r.metric, float("nan"))) for r in found]


def _null(
    study: DesignStudy, shared: _Seed, case: Case, side: str, control: Result, whole: Result
) -> dict[str, float]:
    from simulator.experiments.studies.null import SIDES, null_rejection

    if side not in SIDES:
        return {}
    key = (case.world, id(whole), side, case.days, case.traffic)
    if key not in shared.null:
        n = study.config.aa_replicates
        shared.null[key] = null_rejection(control, side, case.traffic, shared.seed, n)
    return shared.null[key]


def _minutes(result: Result) -> float:
    days = result.readers
    return float(days.loc[days["day"] >= 0, "time_spent_s"].sum()) / 60.0


def _design_of(study: DesignStudy, job: Job, seed: int) -> ExperimentDesign[Any]:
    scenario = load_scenario(study.sources[job.world], {**job.settings, "seed": seed})
    encoder = build.plugin("content", scenario.content)
    design: ExperimentDesign[Any] = build.plugin("experiment", scenario.experiment)  # type: ignore[arg-type]
    design.setup(build.platform_spec(scenario, encoder.embedding_dim))
    return design
