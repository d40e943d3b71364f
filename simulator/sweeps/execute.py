"""Runs the cells of a sweep; a failed one is tried again, then becomes a record."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from simulator.contracts.errors import RunError
from simulator.sweeps.plan import Cell


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one cell.

    Attributes:
        index: position of the cell.
        status: `done` or `failed`.
        run: path of the run folder, relative to the sweep's; empty when failed.
        digest: digest of the run's tables; empty when failed.
        cpu_s: processor seconds of the run.
        stage: where a failed cell failed.
        message: what went wrong, one sentence.
        trace: traceback of a failed cell.
        attempts: times that the cell was tried.
    """

    index: int
    status: Literal["done", "failed"]
    run: str = ""
    digest: str = ""
    cpu_s: float = 0.0
    stage: str = ""
    message: str = ""
    trace: str = ""
    attempts: int = 1


Work = Callable[[Cell], Outcome]
"""Runs one cell and returns its outcome, or raises; picklable."""


def execute(
    cells: Sequence[Cell],
    work: Work,
    *,
    jobs: int = 1,
    retries: int = 1,
    scheduler: str | None = None,
    told: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Run cells, as many at a time as asked, and return their outcomes in the cells' order.

    Args:
        cells: what to run.
        work: runs one of them.
        jobs: processes on this machine; -1 for one a core.
        retries: times that a failed cell is tried again.
        scheduler: address of a Dask scheduler to use instead of processes of this machine.
        told: called with each outcome as it comes in.

    Returns:
        One outcome for each cell, failed ones included.
    """
    found: dict[int, Outcome] = {}
    for outcome in _run(cells, _Attempt(work, retries), jobs, scheduler):
        found[outcome.index] = outcome
        told(outcome)
    return [found[cell.index] for cell in cells]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Runs a cell and turns what it raises into a record."""

    work: Work
    retries: int

    def __call__(self, cell: Cell) -> Outcome:
        attempt = 0
        while True:
            attempt += 1
            try:
                return self.work(cell)
            except Exception as error:
                if attempt > self.retries:
                    return _failure(cell, error, attempt)


def _failure(cell: Cell, error: Exception, attempts: int) -> Outcome:
    stage = error.stage if isinstance(error, RunError) else type(error).__name__
    trace = "".join(traceback.format_exception(error))
    message = str(error).splitlines()[0] if str(error) else type(error).__name__
    return Outcome(cell.index, "failed", "", "", 0.0, stage, message, trace, attempts)


def _run(
    cells: Sequence[Cell], attempt: _Attempt, jobs: int, scheduler: str | None
) -> Iterator[Outcome]:
    if jobs == 1 and scheduler is None:
        yield from map(attempt, cells)
        return
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(**_backend(jobs, scheduler)):
        pool = Parallel(return_as="generator_unordered", pre_dispatch="2*n_jobs")
        yield from pool(delayed(attempt)(cell) for cell in cells)


def _backend(jobs: int, scheduler: str | None) -> dict[str, Any]:
    if scheduler is None:
        return {"backend": "loky", "n_jobs": jobs, "inner_max_num_threads": 1}
    try:
        from distributed import Client
    except ImportError as error:
        raise RunError(
            "a Dask scheduler needs the extra `dask`: pip install 'notesim[dask]'", "sweep"
        ) from error
    Client(scheduler)
    return {"backend": "dask", "n_jobs": -1}
