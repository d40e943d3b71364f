"""The functions behind the command line, the dashboard and scripts."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.app import build
from simulator.app.loading import load_scenario
from simulator.app.memory import process_memory
from simulator.app.scenario import ResolvedScenario
from simulator.contracts.errors import NotesimError, RunError
from simulator.contracts.events import DAY_S

if TYPE_CHECKING:
    from simulator.engine.replication import Hooks, Replication
    from simulator.results.folder import RunFolder
    from simulator.results.manifest import Manifest
    from simulator.results.result import Result

RUNS = Path("runs")
"""Where runs go unless told otherwise."""

Source = str | Path | Mapping[str, object] | ResolvedScenario


def run(
    scenario: Source,
    overrides: Mapping[str, object] | None = None,
    *,
    out: Path | str | None = None,
    resume: bool = False,
    checkpoint_every_s: int = DAY_S,
    keep_events: bool = True,
    hooks: Hooks | None = None,
) -> Result:
    """Run a scenario from start to finish and measure it.

    Args:
        scenario: path or bundled name of a scenario file, a mapping with its content, or a
            scenario that is loaded already.
        overrides: values that replace those of the scenario, by key or dotted path, for example
            `{"seed": 3, "policies": [{"type": "boost", "coefficient": 1.5}]}`.
        out: folder for run folders; `runs` by default.
        resume: go on from the last checkpoint of an unfinished run; a finished run is returned.
        checkpoint_every_s: simulated time between checkpoints, seconds; 0 for none.
        keep_events: keep the event log after measuring.
        hooks: progress and stop callbacks.

    Returns:
        The finished run.

    Raises:
        ScenarioError: the scenario has mistakes; nothing was written.
        RunError: the run could not be finished; its folder says why.
        InterruptedRunError: `hooks.should_stop` said so; resume continues.
    """
    from simulator.results.result import Result

    ready = resolve(scenario, overrides)
    path = run_path(ready, out)
    if resume and is_finished(path):
        return Result.open(path)
    with open_folder(ready, path, resume=resume) as folder:
        options = _Options(resume, checkpoint_every_s, keep_events, hooks)
        _simulate_and_measure(ready, folder, options)
    return Result.open(path)


def resolve(scenario: Source, overrides: Mapping[str, object] | None = None) -> ResolvedScenario:
    """Return a validated scenario from any of the forms that `run` takes."""
    if isinstance(scenario, ResolvedScenario):
        return scenario if not overrides else load_scenario(scenario.to_mapping(), overrides)
    return load_scenario(scenario, overrides)


def run_path(scenario: ResolvedScenario, out: Path | str | None = None) -> Path:
    """Return the folder of a scenario's run."""
    return Path(out if out is not None else RUNS) / f"{scenario.name}-{scenario.hash8}"


def is_finished(path: Path) -> bool:
    """Return whether a folder holds a finished run."""
    from simulator.results.folder import MANIFEST, RunFolder

    return (path / MANIFEST).is_file() and RunFolder(path).manifest.status == "done"


def open_folder(scenario: ResolvedScenario, path: Path, *, resume: bool) -> RunFolder:
    """Make or take up the folder of a run, and lock it.

    Args:
        scenario: what the run follows.
        path: the folder.
        resume: go on with an unfinished run that is there.

    Raises:
        RunError: the folder is in use, holds something else, or the disk refuses.
    """
    from simulator.results.folder import MANIFEST, RunFolder

    if resume and (path / MANIFEST).is_file():
        return RunFolder.resume(path)
    return RunFolder.create(path, _manifest(scenario, path), scenario.dump_yaml(), replace=True)


def _manifest(scenario: ResolvedScenario, path: Path) -> Manifest:
    from simulator.results.folder import SCENARIO
    from simulator.results.manifest import (
        Manifest,
        git_commit,
        package_versions,
        utc_now,
    )

    build.plugin("content", scenario.content)  # refused, if it is, before a folder exists
    funnel = build.build_funnel(scenario)
    return Manifest(
        name=scenario.name,
        hash=scenario.hash8,
        seed=scenario.seed,
        params=build.metric_params(scenario),
        resume_command=f"notesim run {path / SCENARIO} --out {path.parent} --resume",
        packages=package_versions(),
        commit=git_commit(),
        started=utc_now(),
        channels=tuple(channel.label for channel in funnel.channels),
        policies=tuple(policy.config.type for policy in funnel.policies),
    )


@dataclass(frozen=True, slots=True)
class _Options:
    resume: bool
    checkpoint_every_s: int
    keep_events: bool
    hooks: Hooks | None


def _simulate_and_measure(scenario: ResolvedScenario, folder: RunFolder, options: _Options) -> None:
    from simulator.engine.replication import Hooks, InterruptedRunError

    times = build.timetable(scenario, options.checkpoint_every_s)
    try:
        replication = build.build_replication(scenario, folder.writers(), folder.path, times)
        replication.run(options.hooks or Hooks(), resume=options.resume)
        _measure(scenario, folder, replication, options)
    except InterruptedRunError as error:
        folder.update(status="interrupted", message=str(error))
        raise
    except (NotesimError, OSError) as error:
        _record_failure(folder, error)
        raise


def _measure(
    scenario: ResolvedScenario, folder: RunFolder, replication: Replication, options: _Options
) -> None:
    from simulator.metrics import measure
    from simulator.results.digest import run_digest
    from simulator.results.trainings import training_remarks

    with replication.costs.timed("measure"):
        measures = measure(folder, build.metric_params(scenario))
        digest = run_digest(folder.path)
        _keep_of_test(scenario, folder, replication)
    if not options.keep_events:
        shutil.rmtree(folder.path / "events", ignore_errors=True)
    profile = {"seconds": replication.costs.seconds, "facts": replication.facts()}
    folder.write_json("profile.json", profile)
    folder.finish(
        wall_s=replication.wall_s,
        cpu_s=replication.cpu_s,
        peak_rss_mb=process_memory()[1] / 2**20,
        impressions=replication.commit.tally.impressions,
        digest=digest,
        remarks={**measures.remarks, **training_remarks(folder.path)},
    )
    shutil.rmtree(folder.checkpoints, ignore_errors=True)


def _keep_of_test(scenario: ResolvedScenario, folder: RunFolder, replication: Replication) -> None:
    """Keep what tests are read from, before the event log may go."""
    from simulator.results.meetings import build_meetings, write_clusters

    if scenario.experiment is None:
        return
    design = build.plugin("experiment", scenario.experiment)
    if {"reader", "note"} <= set(design.sides):
        build_meetings(folder, build.metric_params(scenario), design.first_read_day)
    groups = replication.groups()
    if groups is not None:
        write_clusters(folder, groups)


def _record_failure(folder: RunFolder, error: Exception) -> None:
    """Leave a note in the manifest; a full disk may not even allow that."""
    try:
        stage = error.stage if isinstance(error, RunError) else "run"
        folder.update(status="failed", stage=stage, message=str(error))
    except (RunError, OSError):
        return
