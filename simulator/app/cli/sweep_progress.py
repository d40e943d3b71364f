"""Progress of a sweep on stderr: runs done, failed, and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from simulator.app.cli.console import note, stderr
from simulator.app.present import span
from simulator.sweeps.execute import Outcome

_LOG_S = 60.0


class Count:
    """Counts outcomes and words them.

    Args:
        total: runs of the sweep.
        clock: returns seconds of real time.
    """

    def __init__(self, total: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._total = total
        self._clock = clock
        self._begun = clock()
        self.done = self.failed = 0

    def add(self, outcome: Outcome) -> str:
        """Take note of an outcome; return the state of the sweep in words."""
        self.done += 1
        self.failed += outcome.status == "failed"
        elapsed = self._clock() - self._begun
        left = elapsed / self.done * (self._total - self.done)
        failed = f" · {self.failed} failed" if self.failed else ""
        return f"{self.done} of {self._total} runs{failed} · {span(left)} left"


@contextmanager
def counting(total: int, *, quiet: bool) -> Iterator[Callable[[Outcome], None]]:
    """Give a function to call with each outcome; it draws a bar, or writes a line a minute."""
    count = Count(total)
    if quiet:
        yield lambda _outcome: None
        return
    if not stderr().is_terminal:
        yield _Lines(count)
        return
    from rich.progress import BarColumn, Progress, TextColumn

    text = TextColumn("{task.description}", markup=False)
    with Progress(BarColumn(bar_width=24), text, console=stderr(), transient=True) as bar:
        task = bar.add_task("starting", total=total)
        yield lambda outcome: bar.update(task, advance=1, description=count.add(outcome))


class _Lines:
    def __init__(self, count: Count) -> None:
        self._count = count
        self._next = 0.0

    def __call__(self, outcome: Outcome) -> None:
        text = self._count.add(outcome)
        now = time.perf_counter()
        if now >= self._next or outcome.status == "failed":
            note(text if outcome.status == "done" else f"{text}: {outcome.message}")
            self._next = now + _LOG_S
