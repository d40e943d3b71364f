"""Sweeps: load a sweep file, check every variant, run the cells, collect their tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.app.config_file import read_config
from simulator.app.files import locate
from simulator.app.loading import load_scenario
from simulator.contracts.errors import Finding, ScenarioError
from simulator.sweeps.config import MOST_CELLS, SweepConfig
from simulator.sweeps.plan import Cell, baseline_of, cells, variants

if TYPE_CHECKING:
    from simulator.sweeps.execute import Outcome

SWEEPS: Final = Path("sweeps")
"""Where sweeps go unless told otherwise."""

SWEEP: Final = "sweep.json"
RUNS: Final = "runs"
TIMINGS: Final = "timings.json"


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep that can run.

    Attributes:
        config: the sweep file.
        scenario: path or name of its scenario.
        cells: every run.
        baseline: label of the variant that others are compared with.
    """

    config: SweepConfig
    scenario: Path
    cells: list[Cell]
    baseline: str

    @property
    def hash8(self) -> str:
        """Eight hex digits over the scenario and everything that varies."""
        values = [load_scenario(self.scenario).to_mapping(), self.config.model_dump(mode="json")]
        text = json.dumps(values, sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()

    def folder(self, out: Path | str | None = None) -> Path:
        """Return the folder of the sweep."""
        return Path(out if out is not None else SWEEPS) / f"{self.config.name}-{self.hash8}"


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """How to run a sweep.

    Attributes:
        jobs: processes on this machine; -1 for one a core.
        retries: times that a failed cell is tried again.
        scheduler: address of a Dask scheduler, None for processes of this machine.
        keep_events: whether runs keep their event logs.
        told: called with each outcome as it comes in.
    """

    jobs: int = 1
    retries: int = 1
    scheduler: str | None = None
    keep_events: bool = False
    told: Callable[[Outcome], None] = lambda _outcome: None


def load_sweep(file: str | Path, overrides: Mapping[str, object] | None = None) -> Sweep:
    """Load a sweep file and check that every variant of it can run.

    Args:
        file: path, or name of a bundled one.
        overrides: top-level values that replace those of the file, for example `{"seeds": 3}`.

    Returns:
        The sweep.

    Raises:
        ScenarioError: with every mistake found.
    """
    config, _tree, path = read_config(file, SweepConfig, overrides)
    scenario = locate(config.scenario, path.parent)
    _check_variants(config, scenario, str(path))
    every = cells(config, load_scenario(scenario).seed)
    if len(every) > MOST_CELLS:
        raise ScenarioError([Finding(f"{len(every):,} runs; at most {MOST_CELLS:,}", str(path))])
    return Sweep(config, scenario, every, baseline_of(config))


def run_sweep(sweep: Sweep, out: Path | str | None, options: SweepOptions) -> list[Outcome]:
    """Run what is not finished yet of a sweep, then write its tables.

    The same call resumes: finished runs are kept, half-finished ones go on from their checkpoint.

    Args:
        sweep: what to run.
        out: folder for sweeps; `sweeps` by default.
        options: how to run it.

    Returns:
        One outcome for each cell.
    """
    from simulator.results.atomic import write_json
    from simulator.sweeps.collect import collect
    from simulator.sweeps.execute import execute

    folder = sweep.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        "name": sweep.config.name,
        "question": sweep.config.question,
        "baseline": sweep.baseline,
        "config": sweep.config.model_dump(mode="json"),
        "scenario": load_scenario(sweep.scenario).to_mapping(),
    }
    write_json(folder / SWEEP, facts)
    work = _Work(str(sweep.scenario), str(folder), options.keep_events)
    outcomes = execute(
        sweep.cells,
        work,
        jobs=options.jobs,
        retries=options.retries,
        scheduler=options.scheduler,
        told=options.told,
    )
    collect(folder, sweep.cells, outcomes)
    times = {str(o.index): o.cpu_s for o in outcomes}
    failed = [asdict(o) for o in outcomes if o.status == "failed"]
    write_json(folder / TIMINGS, {"cpu_s": times, "failed": failed})
    return outcomes


@dataclass(frozen=True, slots=True)
class _Work:
    """Runs one cell in whatever process it is called."""

    scenario: str
    folder: str
    keep_events: bool

    def __call__(self, cell: Cell) -> Outcome:
        from simulator.app import api
        from simulator.sweeps.execute import Outcome

        result = api.run(
            self.scenario,
            cell.settings,
            out=Path(self.folder) / RUNS,
            resume=True,
            keep_events=self.keep_events,
        )
        run = f"{RUNS}/{result.folder.name}"
        return Outcome(cell.index, "done", run, result.digest or "", result.manifest.cpu_s)


def _check_variants(config: SweepConfig, scenario: Path, file: str) -> None:
    findings: list[Finding] = []
    for variant in variants(config):
        try:
            load_scenario(scenario, dict(variant.settings))
        except ScenarioError as error:
            findings += [_of_variant(finding, variant.label, file) for finding in error.findings]
    if findings:
        raise ScenarioError(list(dict.fromkeys(findings)))


def _of_variant(finding: Finding, label: str, file: str) -> Finding:
    if finding.file not in {"", "--set"}:
        return finding
    return replace(finding, file=file, message=f"{finding.message} (variant {label!r})")


def summary(sweep: Sweep, folder: Path, outcomes: list[Outcome]) -> dict[str, Any]:
    """Return the JSON object of a finished sweep: totals and paired differences."""
    from simulator.sweeps.collect import as_number, differences, load_metrics, totals

    metrics = load_metrics(folder)
    means = totals(metrics).groupby(level="variant", sort=False).mean()
    pairs = differences(metrics, sweep.baseline) if len(means) else {}
    return {
        "sweep": str(folder),
        "baseline": sweep.baseline,
        "runs": len(outcomes),
        "failed": [asdict(o) for o in outcomes if o.status == "failed"],
        "means": {
            str(variant): {str(k): as_number(float(x)) for k, x in row.items()}
            for variant, row in means.iterrows()
        },
        "differences": {
            variant: {
                metric: {k: as_number(float(x)) for k, x in asdict(pair).items()}
                for metric, pair in found.items()
            }
            for variant, found in pairs.items()
        },
    }
