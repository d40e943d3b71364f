"""Runs of a very small world, without metrics: what tests of the engine start from."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from simulator.app import build
from simulator.app.loading import load_scenario
from simulator.app.resolved import ResolvedScenario
from simulator.engine.replication import Hooks, Replication
from simulator.results.digest import run_digest
from simulator.results.folder import RunFolder
from simulator.results.tables import TABLES

ROOT = Path(__file__).resolve().parents[2]

LOGGED = tuple(name for name, spec in TABLES.items() if spec.in_parts)
"""Tables that grow while a run goes on; the others are derived from them."""

TINY = {
    "name": "tiny",
    "horizon": "1d",
    "warm_up": "0d",
    "serving_window_s": 300,
    "world": {
        "readers": {"n": 100},
        "sessions": {"mean_per_active_day": 1.7},
        "publishing": {"per_active_day": 0.6, "extra_notes": 1.0},
    },
}
"""One day of a hundred readers: about 1,200 impressions in less than a second."""

RUSH = {
    "serving_window_s": 600,
    "world.readers.n": 300,
    "world.sessions.hourly_weights": [0] * 12 + [1] + [0] * 11,
}
"""Everybody comes in the same hour: windows of up to a hundred requests."""


def tiny(overrides: Mapping[str, object] | None = None) -> ResolvedScenario:
    """Load the tiny scenario with changes by dotted path."""
    return load_scenario(dict(TINY), dict(overrides or {}))


def prepare(
    folder: Path,
    overrides: Mapping[str, object] | None = None,
    *,
    rows_per_part: int = 500_000,
    checkpoint_every_s: int = 0,
    **times: object,
) -> Replication:
    """Return a replication that writes to a folder, ready to run.

    Args:
        folder: run folder; made when missing.
        overrides: changes of the tiny scenario by dotted path.
        rows_per_part: rows of a part of each table.
        checkpoint_every_s: simulated time between checkpoints, seconds; 0 for none.
        times: fields of the timetable to replace.
    """
    scenario = tiny(overrides)
    folder.mkdir(parents=True, exist_ok=True)
    timetable = dataclasses.replace(build.timetable(scenario, checkpoint_every_s), **times)
    sinks = RunFolder(folder).writers(rows_per_part)
    return build.build_replication(scenario, sinks, folder, timetable)


def simulate(
    folder: Path,
    overrides: Mapping[str, object] | None = None,
    *,
    hooks: Hooks | None = None,
    resume: bool = False,
    watch: Callable[[Replication], None] | None = None,
    **options: object,
) -> str:
    """Run the tiny scenario and return the digest of what it logged.

    Args:
        folder: run folder; made when missing.
        overrides: changes of the tiny scenario by dotted path.
        hooks: progress and stop callbacks.
        resume: go on from the folder's checkpoint.
        watch: called with the replication before it runs.
        options: see `prepare`.
    """
    replication = prepare(folder, overrides, **options)
    if watch is not None:
        watch(replication)
    replication.run(hooks or Hooks(), resume=resume)
    return logged_digest(folder)


def logged_digest(folder: Path) -> str:
    """Return the digest of the tables that grow while a run goes on."""
    return run_digest(folder, LOGGED)


def logged(folder: Path, table: str) -> pd.DataFrame:
    """Read a table in row order."""
    frames = [pq.read_table(path).to_pandas() for path in TABLES[table].files(folder)]
    return pd.concat(frames, ignore_index=True)


def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
    """Start the command line in a process of its own.

    Args:
        arguments: what follows `notesim`.
        options: more arguments for `Popen`.
    """
    command = [sys.executable, "-c", "from simulator.app.cli import main; main()"]
    command += [str(argument) for argument in arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, **(pipes | options))


def write_tiny(path: Path, **changes: object) -> Path:
    """Write the tiny scenario to a file and return its path."""
    path.write_text(json.dumps({**TINY, **changes}), encoding="utf-8")
    return path
