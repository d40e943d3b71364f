"""The simulated clock: SimPy processes in a fixed order of phases.

Everything with a rhythm of its own is a SimPy process. SimPy orders events of one instant by
priority, then by insertion; here the priority is the phase, so the order is a table that can be
printed, and never depends on which process was started first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from enum import IntEnum
from typing import Any

import simpy
from simpy.events import EventPriority

PHASE_TEXT = {
    "PUBLISH": "release notes whose time has come; embed and index them",
    "FEEDBACK": "creators whose notes have just passed 24 h look at what they got",
    "DAY_END": "readers leave or stay, creators stop or start, new readers; plan the next day",
    "NEARLINE": "reader profiles, note statistics and look-alike vectors take in fresh clicks",
    "REFRESH": "recall channels rebuild their indexes",
    "TRAIN": "learners learn from what was served; results whose delay has passed begin to serve",
    "POLICY": "traffic policies run their control step",
    "SERVE": "checkpoint if due, then serve the requests of the next window",
}
"""What happens in each phase, by name."""


class Phase(IntEnum):
    """Order of processes that fall due at the same instant."""

    PUBLISH = 10
    FEEDBACK = 11
    DAY_END = 12
    NEARLINE = 13
    REFRESH = 14
    TRAIN = 15
    POLICY = 16
    SERVE = 17


class Clock:
    """SimPy environment with phase priorities.

    Args:
        start: simulated time at the start, seconds.
        resumed: whether everything due at `start` except serving has already been done.
    """

    def __init__(self, start: float, *, resumed: bool) -> None:
        self.env = simpy.Environment(initial_time=start)
        self._resumed = resumed

    @property
    def now(self) -> float:
        """Simulated time, seconds."""
        return float(self.env.now)

    def at(self, t: float, phase: Phase) -> simpy.Event:
        """Return an event that fires at `t`, in the order of `phase` among its instant."""
        event = simpy.Event(self.env)
        event._ok = True  # noqa: SLF001  (what simpy.Timeout does, with a priority of our own)
        event._value = None  # noqa: SLF001
        self.env.schedule(event, EventPriority(int(phase)), max(0.0, t - self.env.now))
        return event

    def every(self, period_s: int, phase: Phase, action: Callable[[float], None]) -> None:
        """Run `action(now)` at every multiple of `period_s`, from now on.

        A resumed run starts with the first multiple after its start.
        """
        self.env.process(self._periodic(period_s, phase, action))

    def process(self, generator: Generator[simpy.Event, Any, None]) -> None:
        """Start a process that schedules itself with `at`."""
        self.env.process(generator)

    def run(self, until: float) -> None:
        """Advance until `until`; what falls due exactly then is not run."""
        self.env.run(until=until)

    def _periodic(
        self, period_s: int, phase: Phase, action: Callable[[float], None]
    ) -> Generator[simpy.Event, Any, None]:
        step = (
            math.floor(self.now / period_s) + 1 if self._resumed else math.ceil(self.now / period_s)
        )
        while True:
            yield self.at(step * period_s, phase)
            action(self.now)
            step += 1
