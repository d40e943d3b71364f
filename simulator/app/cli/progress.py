"""Live progress of one run on stderr: a bar on a terminal, else one line a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, Self

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from simulator.app.cli.console import note, stderr
from simulator.app.present import span
from simulator.contracts.events import DAY_S

_REDRAW_S = 0.2
_LOG_S = 60.0
_SPEED_MEMORY = 0.9


class Reporter(Protocol):
    """Called after each serving window."""

    def __call__(self, t: float, impressions: int) -> None:
        """Take note of the simulated time in seconds and the impressions so far."""


class Pace:
    """Speed and time left, from what was done since the first report.

    Args:
        end_s: simulated time at the end of the run, seconds.
        warm_up_days: days before the first measured day.
        clock: returns seconds of real time.
    """

    def __init__(
        self, end_s: float, warm_up_days: int, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.end_s = end_s
        self._warm_up_days = warm_up_days
        self._clock = clock
        self._first: tuple[float, float] | None = None
        self._last: tuple[float, int] | None = None
        self._speed = 0.0

    def text(self, t: float, impressions: int) -> str:
        """Return the day, the speed and the time left as one phrase."""
        now = self._clock()
        self._first = self._first or (now, t)
        if self._last is not None and now > self._last[0]:
            recent = (impressions - self._last[1]) / (now - self._last[0])
            weight = _SPEED_MEMORY if self._speed else 0.0
            self._speed = weight * self._speed + (1 - weight) * recent
        self._last = (now, impressions)
        parts = [self._day(t), f"{impressions:,} impressions"]
        if self._speed:
            parts.append(f"{self._speed:,.0f}/s")
        left = self._left_s(now, t)
        if left is not None:
            parts.append(f"{span(left)} left, then metrics")
        return " · ".join(parts)

    def _day(self, t: float) -> str:
        day = int(min(t, self.end_s - 1) // DAY_S)
        if day < self._warm_up_days:
            return f"warm-up day {day + 1} of {self._warm_up_days}"
        measured = int(self.end_s // DAY_S) - self._warm_up_days
        return f"day {day - self._warm_up_days + 1} of {measured}"

    def _left_s(self, now: float, t: float) -> float | None:
        if self._first is None or t <= self._first[1]:
            return None
        return (now - self._first[0]) * (self.end_s - t) / (t - self._first[1])


class Silence:
    """Reports nothing."""

    def __call__(self, t: float, impressions: int) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


class LogLines(Silence):
    """Writes one line a minute at most.

    Args:
        pace: speed and time left.
        clock: returns seconds of real time.
    """

    def __init__(self, pace: Pace, clock: Callable[[], float] = time.perf_counter) -> None:
        self._pace = pace
        self._clock = clock
        self._next = 0.0

    def __call__(self, t: float, impressions: int) -> None:
        """Write a line when a minute has passed since the start or the last one."""
        if not self._next:
            self._pace.text(t, impressions)
            self._next = self._clock() + _LOG_S
        if self._clock() >= self._next:
            note(f"{t / self._pace.end_s:3.0%} · {self._pace.text(t, impressions)}")
            self._next = self._clock() + _LOG_S


class LiveBar(Silence):
    """Draws one bar, redrawn in place.

    Args:
        pace: speed and time left.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._next = 0.0
        self._bar = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.description}", markup=False),
            console=stderr(),
            auto_refresh=False,
            transient=True,
        )
        self._task: TaskID = self._bar.add_task("creating the world", total=pace.end_s)

    def __enter__(self) -> Self:
        self._bar.start()
        self._bar.refresh()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, t: float, impressions: int) -> None:
        """Redraw a few times a second."""
        now = time.perf_counter()
        if now < self._next:
            return
        self._next = now + _REDRAW_S
        text = self._pace.text(t, impressions)
        self._bar.update(self._task, completed=t, description=text, refresh=True)


def reporter(pace: Pace, *, quiet: bool) -> Silence:
    """Return what suits the terminal: a bar, log lines, or nothing when `quiet`."""
    if quiet:
        return Silence()
    return LiveBar(pace) if stderr().is_terminal else LogLines(pace)
