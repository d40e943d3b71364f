"""One replication: build the platform, run the clock, serve, checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from simulator.contracts.batches import Feedback, RequestBatch
from simulator.contracts.errors import NotesimError
from simulator.contracts.events import DAY_S, HOUR_S, Arm
from simulator.contracts.groups import Groups
from simulator.contracts.plugins import TrafficPolicy
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import NoteSupport, SupportTable
from simulator.contracts.views import PlatformView
from simulator.engine import checkpoint
from simulator.engine.arms import Arms
from simulator.engine.arrivals import Arrivals
from simulator.engine.clock import Clock, Phase
from simulator.engine.commit import Commit
from simulator.engine.funnel import Funnel, StageCosts
from simulator.engine.interleaving import InterleavedPath
from simulator.engine.lifecycle import Lifecycle
from simulator.engine.note_funnel import NoteFunnel
from simulator.engine.request import RequestPath, Served
from simulator.engine.shocks import Shocks
from simulator.engine.sinks import Sinks
from simulator.engine.state import PlatformState
from simulator.engine.timetable import Timetable
from simulator.engine.training import Training
from simulator.world.world import World

PUBLISH_PERIOD_S = 60
NEARLINE_PERIOD_S = 60
ORACLE = "oracle"
"""What a plug-in's type must say before it is told the truth."""

POLICIES = "policies."
N_POLICIES = 8
"""Policies of a run at most: bits of `granted_by`."""

_NO_SUPPORT = NoteSupport.of(np.empty(0, np.int32))


class InterruptedRunError(NotesimError):
    """The user asked the run to stop; a checkpoint was written."""

    exit_code = 130


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the caller wants to be told or asked while a run goes on.

    Attributes:
        progress: called with (simulated time, impressions) after each window.
        should_stop: asked before each window.
        stop_from: simulated time, seconds, from which the run stops before its next window.
    """

    progress: Callable[[float, int], None] = lambda _t, _n: None
    should_stop: Callable[[], bool] = lambda: False
    stop_from: float = np.inf


class Replication:
    """One world served by one funnel.

    Args:
        spec: sizes and rules.
        world: the truth.
        funnel: the plug-ins.
        sinks: result tables.
        timetable: when what happens.
        folder: run folder, for checkpoints.
        scenario_hash: identity of the scenario, stored in checkpoints.
        shocks: what changes at a simulated time.
    """

    def __init__(
        self,
        spec: PlatformSpec,
        world: World,
        funnel: Funnel,
        sinks: Sinks,
        timetable: Timetable,
        folder: Path,
        scenario_hash: str,
        shocks: Shocks | None = None,
    ) -> None:
        self.costs = StageCosts()
        self.state = PlatformState(spec)
        n_policies, n_control = len(funnel.policies), funnel.n_control
        self._arms = Arms(funnel.design, n_policies, n_control, float(timetable.warm_up_s))
        self.commit = Commit(self.state, sinks, timetable.warm_up_days, self._arms)
        self.world = world
        self._funnel = funnel
        self._shocks = shocks or Shocks()
        self._sinks = sinks
        self._times = timetable
        self._path = folder / "checkpoints" / "state.npz"
        self._hash = scenario_hash
        self._arrivals = Arrivals()
        funnel.setup(spec, self._arms.spec_for)
        self._tell_oracles()
        first_day = -timetable.warm_up_days
        self._life = Lifecycle(
            world,
            self.state,
            self.commit,
            self._arrivals,
            funnel,
            self.costs,
            first_day,
            self._shocks,
        )
        self._observers = [stack.observers() for stack in funnel.stacks()]
        self._training = Training(
            funnel, self._life.view, sinks.trainings, self.costs, self.commit.day_of, self._arms
        )
        merges = funnel.design is not None and funnel.design.merging is not None
        path = InterleavedPath if merges else RequestPath
        self._serving, *self._twin_serving = [
            path(
                stack,
                self.state.seen,
                self.costs,
                timetable.chunk,
                self._shocks,
                spec.explore_channel,
                self._arms,
            )
            for stack in funnel.stacks()
        ]
        self._note_funnel = NoteFunnel(sinks.note_funnel)
        self._support = SupportTable.empty(0)
        self._next_checkpoint = self._checkpoint_after(0.0)
        self._before = (0.0, 0.0)
        self._begun = (time.perf_counter(), time.process_time())

    def _tell_oracles(self) -> None:
        for _, plugin in self._funnel.plugins():
            if ORACLE in plugin.config.type:
                plugin.bind_oracle(self.world)

    @property
    def wall_s(self) -> float:
        """Wall-clock seconds spent on this run, earlier attempts included."""
        return self._before[0] + time.perf_counter() - self._begun[0]

    @property
    def cpu_s(self) -> float:
        """Processor seconds spent on this run, earlier attempts included."""
        return self._before[1] + time.process_time() - self._begun[1]

    def groups(self) -> Groups | None:
        """Return the groups that the experiment randomised whole; None where there are none."""
        return None if self._funnel.design is None else self._funnel.design.groups()

    def facts(self) -> dict[str, float]:
        """Return what plug-ins counted, for the profile; never part of a result."""
        return self._funnel.facts()

    def run(self, hooks: Hooks, *, resume: bool = False) -> None:
        """Run to the end of the timetable.

        Args:
            hooks: callbacks.
            resume: start from the folder's checkpoint when there is one.

        Raises:
            InterruptedRunError: `hooks.should_stop` said so; the run can be resumed.
            RunError: the disk is full, or the checkpoint cannot be used.
        """
        resumed = resume and self._path.exists()
        start = self._load() if resumed else 0.0
        if not resumed:
            self._reset_sinks({})
            self._life.populate()
            self._note_funnel.start(self.state.view(0.0))
        clock = Clock(start, resumed=resumed)
        self._start_processes(clock, hooks, resumed=resumed)
        clock.run(float(self._times.end_s))
        self._life.end_day(float(self._times.end_s))
        for sink in self._sinks.named().values():
            sink.flush()

    def _start_processes(self, clock: Clock, hooks: Hooks, *, resumed: bool) -> None:
        life = self._life
        clock.every(PUBLISH_PERIOD_S, Phase.PUBLISH, life.publish)
        clock.every(HOUR_S, Phase.FEEDBACK, life.creator_feedback)
        clock.every(DAY_S, Phase.DAY_END, life.end_day)
        least = self._times.least_period_s
        clock.every(max(least, NEARLINE_PERIOD_S), Phase.NEARLINE, life.nearline)
        for i, stack in enumerate(self._funnel.stacks()):
            for channel in stack.channels:
                if channel.refresh_period_s:
                    period = max(least, channel.refresh_period_s)
                    action = self._timed(f"refresh.{channel.name}", channel.refresh, i)
                    clock.every(period, Phase.REFRESH, action)
        self._training.start(clock, resumed=resumed)
        for p, policy in enumerate(self._funnel.policies):
            if policy.tick_period_s:
                clock.every(policy.tick_period_s, Phase.POLICY, self._ticked(p, policy))
        clock.process(self._serve_forever(clock, hooks))

    def _timed(
        self, stage: str, action: Callable[[Any], None], stack: int
    ) -> Callable[[float], None]:
        def run(now: float) -> None:
            with self.costs.timed(stage):
                action(self._arms.own_view(stack, self._life.view(now)))

        return run

    def _ticked(self, p: int, policy: TrafficPolicy[Any]) -> Callable[[float], None]:
        def run(now: float) -> None:
            if not self._arms.is_asked(p, now):
                return
            view = self._arms.view_for(p, self._life.view(now))
            with self.costs.timed("policy"):
                policy.on_tick(view)
            self._log_promises(p, policy, view)

        return run

    def _serve_forever(self, clock: Clock, hooks: Hooks) -> Generator[simpy.Event, Any, None]:
        now = clock.now
        while True:
            yield clock.at(now, Phase.SERVE)
            self._save_if_due(now, hooks)
            if self._arms.begin(self.state.view(now)):
                self.commit.relabel_readers()
            stop = self._window_end(now)
            batch = self._arrivals.take(stop, inclusive=stop == now)
            if batch.n:
                # A request that fell due while its window was being served is late, not early.
                batch.t = np.maximum(batch.t, now)
                arm = self.state.readers["arm"][batch.reader_idx]
                batch.reader_arm = self._arms.served_as(batch.reader_idx, arm, now)
                batch = self._answered(batch)
            if batch.n:
                self._serve(batch, now)
                hooks.progress(now, self.commit.tally.impressions)
            now = self._next_serving(now, stop)

    def _answered(self, batch: RequestBatch) -> RequestBatch:
        """Return the requests that do not fail; sessions of the others end."""
        failing = self._shocks.failing(batch)
        if failing is None:
            return batch
        failed, rest = batch.where(failing), batch.where(~failing)
        self._arrivals.go_on(failed, np.full(failed.n, np.nan))
        return rest

    def _window_end(self, now: float) -> float:
        """Return the end of the window that starts at `now`: windows are cut at midnight."""
        return min(now + self._times.serving_window_s, (now // DAY_S + 1) * DAY_S)

    def _next_serving(self, now: float, stop: float) -> float:
        """Return the start of the next window that has a request, or the day end.

        The day end is a stop of its own because it plans the requests of the next day. Other
        windows start at whole multiples from midnight, so a resumed run finds the same ones.

        Args:
            now: start of the window just served.
            stop: its end.
        """
        window = self._times.serving_window_s
        midnight = now // DAY_S * DAY_S
        first = self._arrivals.next_t()
        if first >= midnight + DAY_S:
            return midnight + DAY_S
        if window == 0:
            return max(now, first)
        return max(stop, midnight + (first - midnight) // window * window)

    def _serve(self, batch: RequestBatch, now: float) -> None:
        view = self.state.view(now)
        # A note that grows too old within the window is not distributed in it at all.
        served_s = float(batch.t[-1]) - now
        view.live_start = view.first_younger_than(view.spec.max_age_s - served_s)
        with self.costs.timed("support"):
            self._fill_support(view)
        self._note_funnel.advance(view)
        served, feedback = [], []
        for stack, chunk in self._served(batch, view):
            with self.costs.timed("respond"):
                response = self.world.respond(chunk.requests, chunk.slate.note_idx)
            with self.costs.timed("observe"):
                self._observe(stack, chunk, response, view)
            served.append(chunk)
            self._note_funnel.count(chunk, response)
            self._arrivals.go_on(chunk.requests, response.next_t)
            feedback.append(response)
        with self.costs.timed("commit"):
            self.commit.serve(served, feedback, now)

    def _served(self, batch: RequestBatch, view: PlatformView) -> list[tuple[int, Served]]:
        """Return chunks with the stack that served them; treated readers last, once apart."""
        if not self._arms.is_apart:
            return [(0, chunk) for chunk in self._serving.serve(batch, view, self._support)]
        out = []
        treated = batch.reader_arm == Arm.TREATMENT
        for i, path in enumerate((self._serving, *self._twin_serving)):
            part, own = batch.where(treated == bool(i)), self._arms.own_view(i, view)
            if part.n:
                out += [(i, chunk) for chunk in path.serve(part, own, self._support)]
        return out

    def _observe(self, stack: int, chunk: Served, response: Feedback, view: PlatformView) -> None:
        """Show a chunk to the learners of its stack; to those of all before arms learn apart."""
        for i, observers in enumerate(self._observers):
            if i == stack or not self._arms.is_apart:
                own = self._arms.own_view(i, view)
                for learner in observers:
                    learner.observe(chunk.requests, chunk.slate, response, chunk.trail, own)

    def _fill_support(self, view: PlatformView) -> None:
        supports, insert_every = [], 0
        for p, policy in enumerate(self._funnel.policies):
            if not self._arms.is_asked(p, view.now):
                supports.append(_NO_SUPPORT)
                continue
            own = self._arms.view_for(p, view)
            support = policy.support(own)
            self._log_promises(p, policy, own)
            insert_every = policy.insert_every or insert_every
            supports.append(_NO_SUPPORT if support is None else support)
        self._support.fill(supports, view.notes.n, insert_every)

    def _log_promises(self, p: int, policy: TrafficPolicy[Any], view: PlatformView) -> None:
        changes = policy.quota_changes()
        if changes is not None and changes.n:
            self.commit.promise(p, changes, view)

    def _save_if_due(self, now: float, hooks: Hooks) -> None:
        stop = hooks.should_stop() or now >= hooks.stop_from
        if now >= self._next_checkpoint or stop:
            with self.costs.timed("checkpoint"):
                self.save(now)
            self._next_checkpoint = self._checkpoint_after(now)
        if stop:
            raise InterruptedRunError(f"stopped at day {self.commit.day_of(now)}, as asked")

    def save(self, now: float) -> None:
        """Write a checkpoint of everything at `now`, just before serving."""
        for sink in self._sinks.named().values():
            sink.flush()
        parts = {name: sink.parts for name, sink in self._sinks.named().items()}
        meta = checkpoint.CheckpointMeta(now, parts, self._hash, self.wall_s, self.cpu_s)
        checkpoint.save(self._path, meta, self._arrays())

    def fork(self, path: Path, scenario_hash: str) -> None:
        """Take over the past of a plain run of the same world, and save it as this run's own.

        The past must end before the first measured day, until when treatment and arms change
        nothing but the labels of arms. The tables of the past must be in this run's folder already.

        Args:
            path: checkpoint of the plain run.
            scenario_hash: identity of its scenario.

        Raises:
            RunError: the checkpoint is too late, or lacks state that this run has from the start.
        """
        treatment = (f"{POLICIES}{p}" for p in range(self._arms.n_control, N_POLICIES))
        begins = {"experiment", *treatment}
        start_s, owners = self._times.warm_up_s, self._stateful()
        meta = checkpoint.take_over(path, scenario_hash, start_s, owners, begins)
        self.commit.assign_arms()
        copied = checkpoint.CheckpointMeta(meta.t, meta.parts, self._hash)
        checkpoint.save(self._path, copied, self._arrays())

    def _arrays(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {}
        for name, owner in self._stateful().items():
            arrays.update(checkpoint.prefixed(name, owner.state_arrays()))
        return arrays

    def _load(self) -> float:
        meta, arrays = checkpoint.load(self._path, self._hash)
        for name, owner in self._stateful().items():
            owner.load_state(checkpoint.part_of(name, arrays))
        self._reset_sinks(meta.parts)
        self._before = (meta.wall_s, meta.cpu_s)
        self._next_checkpoint = self._checkpoint_after(meta.t)
        return meta.t

    def _checkpoint_after(self, t: float) -> float:
        """Return when the first checkpoint after `t` is due; infinity for never."""
        every = self._times.checkpoint_every_s or np.inf
        return float(every * (t // every + 1))

    def _reset_sinks(self, parts: dict[str, int]) -> None:
        for name, sink in self._sinks.named().items():
            sink.truncate_to(parts.get(name, 0))

    def _stateful(self) -> dict[str, Any]:
        owners: dict[str, Any] = {
            "platform": self.state,
            "world": self.world,
            "arrivals": self._arrivals,
            "commit": self.commit,
            "lifecycle": self._life,
            "training": self._training,
            "note_funnel": self._note_funnel,
            "arms": self._arms,
        }
        owners.update(self._funnel.plugins())
        return owners
