"""Experiments inside simulated worlds: what to run, and what the tests say beside the truth."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from simulator.app import api
from simulator.app.experiment_past import Past, begin, can_share, has_begun, set_up
from simulator.app.loading import Source, load_scenario
from simulator.app.resolved import ResolvedScenario
from simulator.contracts.errors import Finding, RunError, ScenarioError

if TYPE_CHECKING:
    from simulator.app.experiment_logs import Logged
    from simulator.contracts.plugins import ExperimentDesign
    from simulator.experiments.reading import Read
    from simulator.experiments.scorecard import Reading
    from simulator.results.result import Result
    from simulator.sweeps.execute import Outcome
    from simulator.sweeps.plan import Cell

EXPERIMENTS: Final = Path("experiments")
"""Where experiments go unless told otherwise."""

RUNS: Final = "runs"
CONTROL, LAUNCH = "control", "launch"
"""Names of the two worlds whose difference is the truth."""


@dataclass(frozen=True)
class Study:
    """Tests of one change under one design or several, on the same worlds.

    Attributes:
        source: what the scenario was loaded from.
        settings: values laid over it, by dotted path.
        designs: name -> the `experiment` block of the design.
        seeds: seeds; each has a world for each design, and two for the truth.
        scenario: the scenario of the first seed under the first design.
    """

    source: Source
    settings: Mapping[str, object]
    designs: Mapping[str, Mapping[str, object]]
    seeds: tuple[int, ...]
    scenario: ResolvedScenario

    def folder(self, out: Path | str | None = None) -> Path:
        """Return the study's folder; more seeds and designs share it."""
        launch = {"experiment": {"type": LAUNCH}, "seed": 0}
        plain = load_scenario(self.source, {**self.settings, **launch})
        return Path(out if out is not None else EXPERIMENTS) / f"{plain.name}-{plain.hash8}"

    @cached_property
    def worlds(self) -> dict[str, dict[str, object]]:
        """Return name of a world -> values laid over the scenario."""
        launch: dict[str, object] = {"experiment": {"type": LAUNCH}}
        tests: dict[str, dict[str, object]] = {
            name: {"experiment": dict(block)} for name, block in self.designs.items()
        }
        return {CONTROL: dict(_PLAIN), LAUNCH: launch, **tests}

    def cells(self) -> list[Cell]:
        """Return every run, seed by seed, so that a study that stops has whole seeds."""
        from simulator.sweeps.plan import Cell, Variant

        variants = [
            Variant(name, {**self.settings, **values}) for name, values in self.worlds.items()
        ]
        pairs = [(seed, variant) for seed in self.seeds for variant in variants]
        return [Cell(i, variant, seed) for i, (seed, variant) in enumerate(pairs)]


_PLAIN: Final[dict[str, object]] = {"experiment": None, "treatment": []}


def plan(
    source: Source,
    settings: Mapping[str, object],
    designs: Sequence[str] = (),
    seeds: int = 1,
) -> Study:
    """Check a study before anything runs.

    Args:
        source: scenario with an `experiment` and a `treatment`.
        settings: values by dotted path.
        designs: types of designs to compare, with default knobs; the scenario's own by default.
        seeds: number of seeds, from the scenario's on.

    Raises:
        ScenarioError: a mistake in the scenario, no experiment in it, or an unknown design.
    """
    first = load_scenario(source, settings)
    test = first.experiment
    if test is None:
        raise _refusal("an experiment says who is in which arm; add it", source)
    blocks: dict[str, Mapping[str, object]] = {}
    for name in designs or (test.type,):
        blocks[name] = test.model_dump(mode="json") if name == test.type else {"type": name}
    if LAUNCH in blocks:
        raise _refusal("a launch is the truth and no test; choose a design", source)
    for block in blocks.values():
        load_scenario(source, {**settings, "experiment": dict(block)})
    numbers = tuple(range(first.seed, first.seed + seeds))
    return Study(source, settings, blocks, numbers, first)


def _refusal(message: str, source: Source) -> ScenarioError:
    file = "" if isinstance(source, Mapping) else str(source)
    return ScenarioError([Finding(message, file, None, "experiment")])


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
        readings: one a seed, design and metric.
        first: what each design says at the first seed.
        worlds: runs of the first seed by name of the world.
        runs: facts about each run.
        failed: runs that failed; their seeds are left out.
        logged: what the event logs say, by design and seed; nothing where a log went unread.
        days: the truth by day; see `truth_by_day`.
        turnover: share of live notes that a day replaces, at the first seed.
    """

    study: Study
    readings: list[Reading]
    first: dict[str, Read]
    worlds: dict[str, Result]
    runs: list[dict[str, Any]]
    failed: list[Outcome]
    logged: dict[str, dict[int, Logged]] = field(default_factory=dict)
    days: pd.DataFrame = field(default_factory=pd.DataFrame)
    turnover: float = float("nan")

    def n_leaks(self, design: str) -> int:
        """Return the impressions of a design's first test that the design forbids."""
        tests = list(self.logged.get(design, {}).values())
        return tests[0].leaks.total if tests else 0


def run_study(study: Study, out: Path | str | None, options: Options) -> Found:
    """Run what is not finished yet of a study, read every test, and hold it against the truth.

    The same call resumes: finished runs are kept, half-finished ones go on from their checkpoint.

    Args:
        study: what to run.
        out: folder for studies; `experiments` by default.
        options: how to run it.

    Raises:
        RunError: no seed has all of its runs.
    """
    from simulator.sweeps.execute import execute

    folder = study.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    work = _Work(study.source, str(folder), options.keep_events)
    cells = study.cells()
    _run_pasts(cells, work, options.jobs)
    outcomes = execute(cells, work, jobs=options.jobs, told=options.told)
    for cell in {cell.seed: cell for cell in cells}.values():
        work.drop_past(cell)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    bad_seeds = {cells[outcome.index].seed for outcome in failed}
    kept = [(cells[o.index], o) for o in outcomes if cells[o.index].seed not in bad_seeds]
    if not kept:
        raise RunError(f"No seed has all of its runs: {failed[0].message}", "experiment")
    return _read(study, folder, kept, failed)


def _run_pasts(cells: Sequence[Cell], work: _Work, jobs: int) -> None:
    """Run the past of each seed that two worlds or more are still to begin from."""
    from simulator.sweeps.execute import execute

    waiting: dict[int, list[Cell]] = {}
    for cell in cells:
        if work.needs_past(cell):
            waiting.setdefault(cell.seed, []).append(cell)
    firsts = [group[0] for group in waiting.values() if len(group) > 1]
    execute(firsts, work.run_past, jobs=jobs)


@dataclass(frozen=True, slots=True)
class _Work:
    """Runs one cell in whatever process it is called."""

    source: Source
    folder: str
    keep_events: bool

    def _past(self, cell: Cell) -> Past:
        plain = load_scenario(self.source, {**cell.settings, **_PLAIN})
        return Past.of(plain, Path(self.folder))

    def needs_past(self, cell: Cell) -> bool:
        """Return whether a world is still to be begun, and has the past of others."""
        scenario = load_scenario(self.source, cell.settings)
        fresh = not has_begun(scenario, Path(self.folder) / RUNS)
        return bool(scenario.warm_up_s) and fresh and can_share(scenario)

    def run_past(self, cell: Cell) -> Outcome:
        """Run the past that the worlds of a seed share."""
        from simulator.sweeps.execute import Outcome

        self._past(cell).run()
        return Outcome(cell.index, "done")

    def drop_past(self, cell: Cell) -> None:
        """Delete the past of a seed."""
        self._past(cell).drop()

    def __call__(self, cell: Cell) -> Outcome:
        from simulator.app.experiment_logs import keep
        from simulator.sweeps.execute import Outcome

        scenario = load_scenario(self.source, cell.settings)
        runs = Path(self.folder) / RUNS
        begin(scenario, self._past(cell), runs)
        result = api.run(scenario, out=runs, resume=True)
        if scenario.experiment is not None and scenario.experiment.type != LAUNCH:
            keep(result, set_up(scenario), len(scenario.policies))
        if not self.keep_events:
            shutil.rmtree(result.folder / "events", ignore_errors=True)
        return Outcome(
            cell.index, "done", result.folder.name, result.digest, result.manifest.cpu_s or 0.0
        )


def _read(
    study: Study, folder: Path, kept: Sequence[tuple[Cell, Outcome]], failed: list[Outcome]
) -> Found:
    from simulator.app.experiment_logs import logged_of
    from simulator.experiments.horizon import truth_by_day, turnover
    from simulator.experiments.reading import both_levels, read
    from simulator.experiments.scorecard import readings_of
    from simulator.results.result import Result

    by_seed: dict[int, dict[str, Result]] = {}
    for cell, outcome in kept:
        worlds = by_seed.setdefault(cell.seed, {})
        worlds[cell.variant.label] = Result.open(folder / RUNS / outcome.run)
    found: list[Reading] = []
    first: dict[str, Read] = {}
    logged: dict[str, dict[int, Logged]] = {}
    for seed, worlds in by_seed.items():
        for name, block in study.designs.items():
            design = design_of(study, block, seed)
            test = read(worlds[name], design)
            first.setdefault(name, test)
            levels = both_levels(worlds[CONTROL], worlds[LAUNCH], design)
            found += readings_of(seed, name, test, levels)
            told = logged_of(worlds[name], worlds[CONTROL], worlds[LAUNCH], design)
            if told is not None:
                logged.setdefault(name, {})[seed] = told
    runs = [
        {"world": cell.variant.label, "seed": cell.seed, "run": f"{RUNS}/{outcome.run}",
         "digest": outcome.digest, "cpu_s": outcome.cpu_s}
        for cell, outcome in kept
    ]  # fmt: skip
    days = [truth_by_day(seed, w[CONTROL], w[LAUNCH]) for seed, w in by_seed.items()]
    worlds = next(iter(by_seed.values()))
    rate = turnover(worlds[CONTROL])
    return Found(study, found, first, worlds, runs, failed, logged, pd.concat(days), rate)


def design_of(study: Study, block: Mapping[str, object], seed: int) -> ExperimentDesign[Any]:
    """Return a design, told the platform of one seed."""
    scenario = load_scenario(
        study.source, {**study.settings, "experiment": dict(block), "seed": seed}
    )
    return set_up(scenario)
