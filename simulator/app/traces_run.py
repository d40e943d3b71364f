"""Runs a study of traces, reads its event logs, and compares twin runs."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.app.finite import finite
from simulator.app.loading import load_scenario
from simulator.app.traces import Study
from simulator.contracts.errors import RunError
from simulator.contracts.events import HOUR_S

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from simulator.experiments.traces.comparison import Effect
    from simulator.experiments.traces.worlds import Told, Worlds
    from simulator.results.result import Result
    from simulator.sweeps.execute import Outcome
    from simulator.sweeps.plan import Cell

RUNS: Final = "runs"
READ: Final = "read"


@dataclass(frozen=True, slots=True)
class Options:
    """How to run a study.

    Attributes:
        jobs: processes on this machine; -1 for one a core.
        keep_events: whether runs keep their event logs.
        told: called with each outcome as it comes in.
    """

    jobs: int = 1
    keep_events: bool = False
    told: Callable[[Outcome], None] = lambda _outcome: None


@dataclass(frozen=True, slots=True)
class Found:
    """What a study has found.

    Attributes:
        study: the study.
        worlds: notes of the cohort side by side.
        effects: differences between boosts.
        others: the same of the notes outside the cohort; empty when all are in it.
        curves: outcomes by age.
        runs: facts about each run.
        failed: runs that failed; their seeds are left out.
    """

    study: Study
    worlds: Worlds
    effects: list[Effect]
    others: list[Effect]
    curves: pd.DataFrame
    runs: list[dict[str, Any]]
    failed: list[Outcome]


def run_study(study: Study, out: Path | str | None, options: Options) -> Found:
    """Run what is not finished yet of a study, and compare the runs.

    The same call resumes: finished runs are kept, half-finished ones go on from their checkpoint.

    Args:
        study: what to run.
        out: folder for studies; `traces` by default.
        options: how to run it.

    Raises:
        RunError: no seed has a run of every boost.
    """
    from simulator.sweeps.execute import execute

    folder = study.folder(out)
    (folder / READ).mkdir(parents=True, exist_ok=True)
    work = _Work(study, str(folder), options.keep_events)
    outcomes = execute(study.cells(), work, jobs=options.jobs, told=options.told)
    return _compare(study, folder, outcomes)


def _compare(study: Study, folder: Path, outcomes: Sequence[Outcome]) -> Found:
    from simulator.experiments.traces.comparison import curves, effects
    from simulator.experiments.traces.worlds import side_by_side

    cells = study.cells()
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    bad_seeds = {cells[outcome.index].seed for outcome in failed}
    kept = [(cells[o.index], o) for o in outcomes if cells[o.index].seed not in bad_seeds]
    if not kept:
        raise RunError(f"No seed has a run of every boost: {failed[0].message}", "traces")
    tables = {study.place(cell): _read(study, folder, outcome) for cell, outcome in kept}
    span, prior = study.span, study.prior_impressions
    inside = {key: _part(study, key[0], told, inside=True) for key, told in tables.items()}
    worlds = side_by_side(inside, study.boosts, span, prior)
    others: list[Effect] = []
    if study.cohort is not None:
        outside = {key: _part(study, key[0], told, inside=False) for key, told in tables.items()}
        others = effects(side_by_side(outside, study.boosts, span, prior))
    runs = [_facts(study, folder, cell, outcome) for cell, outcome in kept]
    return Found(study, worlds, effects(worlds), others, curves(worlds), runs, failed)


@dataclass(frozen=True, slots=True)
class _Work:
    """Runs one cell in whatever process it is called, and reads what the study needs of it."""

    study: Study
    folder: str
    keep_events: bool

    def __call__(self, cell: Cell) -> Outcome:
        from simulator.app import api
        from simulator.results.result import Result
        from simulator.sweeps.execute import Outcome

        runs = Path(self.folder) / RUNS
        scenario = load_scenario(self.study.source, cell.settings)
        path = api.run_path(scenario, runs)
        done = api.is_finished(path)
        if not done or not _lives_of(self.study, Path(self.folder), path.name).is_file():
            has_events = (path / "events").is_dir()
            result = api.run(scenario, out=runs, resume=has_events or not done)
            _write(self.study, Path(self.folder), result)
        if not self.keep_events:
            shutil.rmtree(path / "events", ignore_errors=True)
        result = Result.open(path)
        return Outcome(cell.index, "done", path.name, result.digest or "", result.manifest.cpu_s)


def _write(study: Study, folder: Path, result: Result) -> None:
    from simulator.experiments.traces.lives import click_rate, meetings, note_lives
    from simulator.results.atomic import atomic_write

    run, span = result.folder, study.span
    met = meetings(run, span)
    lives = note_lives(run, span).assign(click_rate=click_rate(run))
    target = _lives_of(study, folder, run.name)
    beside = target.with_suffix(".meetings.parquet")
    atomic_write(beside, lambda temporary: met.to_parquet(temporary, index=False))
    atomic_write(target, lambda temporary: lives.to_parquet(temporary, index=False))


def _read(study: Study, folder: Path, outcome: Outcome) -> Told:
    import pandas as pd

    from simulator.experiments.traces.worlds import Told

    target = _lives_of(study, folder, outcome.run)
    lives = pd.read_parquet(target)
    rate = float(lives["click_rate"].iloc[0]) if len(lives) else math.nan
    met = pd.read_parquet(target.with_suffix(".meetings.parquet"))
    return Told(lives.drop(columns="click_rate"), met, rate)


def _lives_of(study: Study, folder: Path, run: str) -> Path:
    """Return where the lives of a run are kept; another span is another file."""
    span = hashlib.blake2b(repr(study.span).encode(), digest_size=4).hexdigest()
    return folder / READ / f"{run}-{span}.parquet"


def _part(study: Study, seed: int, told: Told, *, inside: bool) -> Told:
    """Return what was read of the cohort's notes, or of all others."""
    return dataclasses.replace(
        told,
        lives=told.lives[_in_cohort(study, seed, told.lives) == inside],
        meetings=told.meetings[_in_cohort(study, seed, told.meetings) == inside],
    )


def _in_cohort(study: Study, seed: int, table: pd.DataFrame) -> NDArray[np.bool_]:
    import numpy as np

    from policies.cohort import in_cohort

    if study.cohort is None:
        return np.ones(len(table), np.bool_)
    creator, published = table["creator_id"].to_numpy(), table["published_t"].to_numpy()
    return in_cohort(study.cohort, seed, creator, published)


def _facts(study: Study, folder: Path, cell: Cell, outcome: Outcome) -> dict[str, Any]:
    from simulator.results.result import Result

    facts = Result.open(folder / RUNS / outcome.run).manifest
    seed, boost = study.place(cell)
    return {
        "boost": boost,
        "seed": seed,
        "run": f"{RUNS}/{outcome.run}",
        "digest": outcome.digest,
        "cpu_s": outcome.cpu_s,
        "impressions": facts.impressions,
    }


def summary(found: Found) -> dict[str, Any]:
    """Return the JSON object of a finished study."""
    from simulator.app.traces_words import verdict
    from simulator.experiments.traces.outcomes import OUTCOMES

    study, worlds = found.study, found.worlds
    cohort = study.cohort
    return {
        "name": study.scenario.name,
        "question": study.scenario.question,
        "knob": study.knob,
        "boosts": list(study.boosts),
        "seeds": sorted({run["seed"] for run in found.runs}),
        "cohort": None if cohort is None else cohort.model_dump(mode="json"),
        "window_h": study.window_s / HOUR_S,
        "days": study.days,
        "notes": len(worlds.notes),
        "creators": worlds.n_clusters,
        "unmatched_notes": worlds.unmatched,
        "outcomes": {outcome.name: outcome.description for outcome in OUTCOMES},
        "verdict": verdict(found),
        "effects": [finite(asdict(effect)) for effect in found.effects],
        "other_notes": [finite(asdict(effect)) for effect in found.others],
        "runs": found.runs,
        "failed": [asdict(outcome) for outcome in found.failed],
    }
