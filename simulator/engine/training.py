"""Training in simulated time: every job of every learner is a process of the clock.

A job starts, learns from what was logged until then, and its result serves once its delay has
passed. The next training of a job starts after that, so each job has at most one result waiting.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from simulator.contracts.learning import TrainingJob, TrainingReport
from simulator.contracts.plugins import Learner
from simulator.contracts.views import PlatformView
from simulator.engine.arms import Arms
from simulator.engine.clock import Clock, Phase
from simulator.engine.funnel import Funnel, StageCosts
from simulator.engine.sinks import TableSink

_LOG = logging.getLogger(__name__)


class Training:
    """Runs the jobs of all learners of a funnel.

    Args:
        funnel: the plug-ins.
        view: returns the platform as it is at a time.
        sink: table of trainings.
        costs: profile to add to.
        day_of: returns the day of a time, 0 for the first measured one.
        arms: what an experiment changes.
    """

    def __init__(
        self,
        funnel: Funnel,
        view: Callable[[float], PlatformView],
        sink: TableSink,
        costs: StageCosts,
        day_of: Callable[[float], int],
        arms: Arms | None = None,
    ) -> None:
        self._funnel = funnel
        self._view = view
        self._sink = sink
        self._costs = costs
        self._day_of = day_of
        self._arms = arms or Arms()
        stacks = funnel.stacks()
        self._stack_of = {
            id(plugin): i for i, stack in enumerate(stacks) for _, plugin in stack.own_plugins()
        }
        self._jobs = [
            (name, learner, job) for name, learner in funnel.learners() for job in learner.jobs
        ]
        self._due = np.full(len(self._jobs), math.inf)

    def start(self, clock: Clock, *, resumed: bool) -> None:
        """Start one process for each job."""
        for i in range(len(self._jobs)):
            clock.process(self._run(i, clock, resumed=resumed))

    def state_arrays(self) -> dict[str, NDArray[Any]]:
        """Return when the results that are waiting will serve."""
        return {"due": self._due.copy()}

    def load_state(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        self._due = np.array(arrays["due"], np.float64)

    def _run(self, i: int, clock: Clock, *, resumed: bool) -> Generator[simpy.Event, Any, None]:
        job = self._jobs[i][2]
        elapsed = (clock.now - job.offset_s) / job.period_s
        step = math.floor(elapsed) + 1 if resumed else max(0, math.ceil(elapsed))
        while True:
            start = step * job.period_s + job.offset_s
            now = min(float(start), float(self._due[i]))
            yield clock.at(now, Phase.TRAIN)
            if now == self._due[i]:
                self._publish(i, now)
            if now == start:
                self._train(i, now)
                step += 1

    def _train(self, i: int, now: float) -> None:
        name, learner, job = self._jobs[i]
        with self._costs.timed(f"train.{name}"):
            report = learner.train(job, self._seen_by(learner, now))
        self._record(name, job, now, report)
        if report.status != "ok":
            return
        self._due[i] = now + job.delay_s
        if job.delay_s == 0:
            self._publish(i, now)

    def _publish(self, i: int, now: float) -> None:
        name, learner, job = self._jobs[i]
        self._due[i] = math.inf
        with self._costs.timed(f"train.{name}"):
            learner.publish(job, self._seen_by(learner, now))
        self._refresh_followers(learner, now)

    def _refresh_followers(self, learner: Learner[Any], now: float) -> None:
        """Rebuild indexes of old vectors at once: old and new ones have nothing in common."""
        name = getattr(learner, "name", "")
        stack = self._funnel.stacks()[self._stack_of[id(learner)]]
        for channel in stack.channels:
            if name in channel.follows:
                with self._costs.timed(f"refresh.{channel.name}"):
                    channel.refresh(self._seen_by(learner, now))

    def _seen_by(self, learner: Learner[Any], now: float) -> PlatformView:
        return self._arms.own_view(self._stack_of[id(learner)], self._view(now))

    def _record(self, name: str, job: TrainingJob, now: float, report: TrainingReport) -> None:
        if report.status == "diverged":
            _LOG.warning("training %s (%s): %s", name, job.name, report.detail)
        self._sink.append(
            {
                "t": np.array([now]),
                "day": np.array([self._day_of(now)], np.int16),
                "learner": np.array([name], object),
                "job": np.array([job.name], object),
                "serves_t": np.array([now + job.delay_s if report.status == "ok" else np.nan]),
                "rows": np.array([report.rows], np.int64),
                "loss": np.array([report.loss], np.float64),
                "status": np.array([report.status], object),
                "detail": np.array([report.detail], object),
            }
        )
