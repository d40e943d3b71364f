"""Previews: the tuned scenario beside a baseline in the same small worlds, while the user waits.

A pool of processes that stay warm runs the small worlds. Each result is kept by the hash of its
small scenario (the seed included), so that a changed knob costs the tuned side alone, and a knob
turned back costs nothing.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import streamlit as st
from joblib.externals.loky import ProcessPoolExecutor

from simulator.app.preview import Size, metrics_of, small_world
from simulator.app.resolved import ResolvedScenario
from simulator.contracts.errors import NotesimError

Totals = Mapping[str, float | None]
Side = Literal["tuned", "baseline"]
Problem = Literal["", "cancelled", "slow", "died", "error"]

N_WORKERS: Final = 2
SEEDS: Final = (1, 2, 3, 4)
SIZE: Final = Size()
PATIENCE_S: Final = 300.0
"""After so long a preview is given up, seconds."""

_KEPT: Final = 2_000
_ATTEMPTS: Final = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one small world: its metrics, or why there are none."""

    totals: Totals | None
    error: str = ""


def ready() -> int:
    """Make a worker load and compile what every world needs; returns its process id."""
    from simulator.app.trial import TINY, load

    metrics_of(load({**TINY, "policies": [{"type": "boost"}]}))
    return os.getpid()


def answer(scenario: ResolvedScenario, flag: str) -> Answer:
    """Run one small world in a worker.

    Args:
        scenario: the small scenario.
        flag: path of a file that somebody makes to stop the work.
    """
    stop = Path(flag)
    try:
        return Answer(metrics_of(scenario, stop.exists))
    except NotesimError as error:
        return Answer(None, str(error))


class Pool:
    """Warm workers, and what they have found.

    Args:
        n_workers: number of processes.
    """

    def __init__(self, n_workers: int = N_WORKERS) -> None:
        self._n = n_workers
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Answer] = OrderedDict()
        self._workers = self._start()
        self.place = Path(tempfile.mkdtemp(prefix="notesim-preview-"))

    def _start(self) -> ProcessPoolExecutor:
        quiet = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
        workers = ProcessPoolExecutor(self._n, timeout=None, env=quiet)
        for _ in range(self._n):
            workers.submit(ready)
        return workers

    def known(self, scenario: ResolvedScenario) -> Answer | None:
        """Return what is known of a small scenario already."""
        with self._lock:
            return self._known.get(scenario.hash8)

    def keep(self, scenario: ResolvedScenario, found: Answer) -> None:
        """Remember metrics, the latest 2,000; what failed is tried again the next time."""
        if found.totals is None:
            return
        with self._lock:
            self._known[scenario.hash8] = found
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)

    def submit(self, scenario: ResolvedScenario, flag: Path) -> Future[Answer]:
        """Queue a small world; a pool whose workers died is replaced by a new one."""
        with self._lock:
            future: Future[Answer]
            try:
                future = self._workers.submit(answer, scenario, str(flag))
            except RuntimeError:  # broken, or shut down
                self._workers = self._start()
                future = self._workers.submit(answer, scenario, str(flag))
            return future

    def close(self) -> None:
        """End the workers."""
        self._workers.shutdown(wait=False, kill_workers=True)


@st.cache_resource(show_spinner=False)
def pool() -> Pool:
    """Return the pool of this dashboard; its workers warm up while the user reads."""
    return Pool()


@dataclass(slots=True)
class Task:
    """One small world of a preview.

    Attributes:
        side: whose it is.
        seed: its seed.
        scenario: what runs.
        future: the work; None when the answer was known.
        found: the answer, once it is there.
        attempts: times that it was submitted.
    """

    side: Side
    seed: int
    scenario: ResolvedScenario
    future: Future[Answer] | None = None
    found: Answer | None = None
    attempts: int = 0


@dataclass(slots=True)
class Preview:
    """A tuned scenario and a baseline over several seeds.

    Attributes:
        key: identity of the two scenarios.
        tasks: the small worlds; both sides of a seed follow each other.
        flag: file that stops the workers.
        begun: time of the start, seconds of the monotonic clock.
        took_s: seconds until the last answer; 0 while some are missing.
        problem: why it ended early, "" when it did not.
        message: a sentence about an error, "" when there was none.
    """

    key: str
    tasks: list[Task]
    flag: Path
    begun: float = field(default_factory=time.monotonic)
    took_s: float = 0.0
    problem: Problem = ""
    message: str = ""

    @property
    def is_open(self) -> bool:
        """Whether answers are still awaited."""
        return not self.problem and any(task.found is None for task in self.tasks)

    @property
    def n_done(self) -> int:
        """Small worlds whose answer is there."""
        return sum(task.found is not None for task in self.tasks)

    def pairs(self) -> list[tuple[Totals, Totals]]:
        """Return metrics of (baseline, tuned) for each seed that has both."""
        found: dict[int, dict[str, Totals]] = {}
        for task in self.tasks:
            if task.found is not None and task.found.totals is not None:
                found.setdefault(task.seed, {})[task.side] = task.found.totals
        return [(f["baseline"], f["tuned"]) for f in found.values() if len(f) == 2]


def key_of(tuned: ResolvedScenario, baseline: ResolvedScenario) -> str:
    """Return the identity of a preview."""
    return f"{tuned.hash8}-{baseline.hash8}"


def start(
    workers: Pool,
    tuned: ResolvedScenario,
    baseline: ResolvedScenario,
    seeds: tuple[int, ...] = SEEDS,
    size: Size = SIZE,
) -> Preview:
    """Begin a preview; ask `poll` how it goes.

    Raises:
        ScenarioError: a scenario cannot be shrunken.
    """
    sides: tuple[tuple[Side, ResolvedScenario], ...] = (("baseline", baseline), ("tuned", tuned))
    tasks = [
        Task(side, seed, small_world(scenario, seed, size))
        for seed in seeds
        for side, scenario in sides
    ]
    preview = Preview(key_of(tuned, baseline), tasks, workers.place / uuid.uuid4().hex)
    for task in tasks:
        _submit(workers, preview, task)
    poll(workers, preview)
    return preview


def poll(workers: Pool, preview: Preview) -> None:
    """Take the answers that came in; submit again what a dead worker has lost."""
    if not preview.is_open:
        return
    for task in preview.tasks:
        if task.found is None:
            _collect(workers, preview, task)
    elapsed = time.monotonic() - preview.begun
    if not preview.problem and not preview.is_open:
        preview.took_s = elapsed
    elif elapsed > PATIENCE_S:
        stop(preview, "slow")


def stop(preview: Preview, why: Problem = "cancelled") -> None:
    """Stop a preview; workers leave off before their next serving window."""
    if not preview.is_open:
        return
    preview.problem = why
    preview.flag.touch()
    for task in preview.tasks:
        if task.future is not None:
            task.future.cancel()


def _submit(workers: Pool, preview: Preview, task: Task) -> None:
    task.found = workers.known(task.scenario)
    if task.found is not None:
        return
    task.attempts += 1
    twins = (t.future for t in preview.tasks if t.scenario == task.scenario)
    shared = next((future for future in twins if future and not _has_died(future)), None)
    task.future = shared or workers.submit(task.scenario, preview.flag)


def _collect(workers: Pool, preview: Preview, task: Task) -> None:
    if task.future is None or not task.future.done():
        return
    died = _has_died(task.future)
    if died and task.attempts < _ATTEMPTS:
        task.future = None
        _submit(workers, preview, task)
    elif died:
        stop(preview, "died")
    else:
        task.found = task.future.result()
        workers.keep(task.scenario, task.found)
        if task.found.totals is None:
            preview.message = task.found.error
            stop_for_error(preview)


def _has_died(future: Future[Answer]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)


def stop_for_error(preview: Preview) -> None:
    """End a preview one of whose worlds cannot run."""
    preview.problem = "error"
    preview.flag.touch()
