"""Slow processes around serving: publishing, creator feedback, near-line, refresh, day ends."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import SESSIONS_PER_DAY
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import Learner
from simulator.contracts.views import PlatformView
from simulator.engine.arrivals import Arrivals
from simulator.engine.commit import Commit
from simulator.engine.funnel import Funnel, StageCosts
from simulator.engine.shocks import Shocks
from simulator.engine.state import PlatformState
from simulator.world.plans import NOTE_COLUMNS, NewNotes, NewReaders
from simulator.world.world import World

FEEDBACK_AGE_S = DAY_S
"""Age at which a note's creator judges what it got."""


class Lifecycle:
    """What happens between serving windows; one method a phase.

    Args:
        world: the truth.
        state: the platform.
        commit: its only writer.
        arrivals: the pool of requests.
        funnel: the plug-ins.
        costs: profile to add to.
        start_day: first simulated day, relative to the first measured one.
        shocks: what changes at a simulated time.
    """

    def __init__(
        self,
        world: World,
        state: PlatformState,
        commit: Commit,
        arrivals: Arrivals,
        funnel: Funnel,
        costs: StageCosts,
        start_day: int,
        shocks: Shocks,
    ) -> None:
        self._world = world
        self._state = state
        self._commit = commit
        self._arrivals = arrivals
        self._funnel = funnel
        self._costs = costs
        self._start_day = start_day
        self._shocks = shocks
        self._arms = commit.arms
        self._pending: NewNotes | None = None
        self._titles: list[str] = []
        self._judged = 0

    def populate(self) -> None:
        """Fill the empty platform: creators, the notes of the last 30 days, readers."""
        with self._costs.timed("world.create"):
            self._commit.become_creators(self._world.creator_rows())
            backlog = self._world.backlog()
            rows = slice(0, backlog.n)
            self._commit.publish(backlog, self._world.titles(rows))
            self._join(self._world.registered())
            for past in self._world.past_reading(self._state.spec.n_slots):
                self._commit.remember(past)
            view = self._state.view(0.0)
            self._judged = view.first_younger_than(FEEDBACK_AGE_S)
        self.plan_day(0.0)

    def plan_day(self, now: float) -> None:
        """Draw the session starts and publications of the day that begins at `now`."""
        day = round(now / DAY_S)
        with self._costs.timed("world.plan"):
            sessions = self._world.plan_sessions(day + self._start_day)
            share = self._shocks.session_factor(sessions.t)
            if (share < 1.0).any():
                sessions = self._world.thin_sessions(sessions, share, day + self._start_day)
            number = sessions.session_no + np.int32(SESSIONS_PER_DAY * day)
            self._arrivals.plan_day(sessions.t, sessions.reader_idx, number.astype(np.int32))
            # Written at once, because writing a note alone costs as much as writing hundreds.
            plan = self._world.plan_publishes(day + self._start_day)
            factor = self._shocks.publishing_factor(plan.t)
            if (factor != 1.0).any():
                plan = self._world.surge(plan, factor, day + self._start_day)
            self._pending = self._world.write_notes(plan)
            self._titles = self._world.titles(slice(self._state.notes.n, None))

    def publish(self, now: float) -> None:
        """Release the planned notes whose time has come."""
        if self._pending is None or self._pending.n == 0 or self._pending.published_t[0] > now:
            return
        with self._costs.timed("publish"):
            due = int(np.searchsorted(self._pending.published_t, now, side="right"))
            self._commit.publish(self._pending.rows(0, due), self._titles[:due])
            self._pending = self._pending.rows(due, self._pending.n)
            self._titles = self._titles[due:]

    def creator_feedback(self, now: float) -> None:
        """Let creators look at the notes that have just passed 24 h."""
        view = self._state.view(now)
        stop = view.first_younger_than(FEEDBACK_AGE_S)
        if stop > self._judged:
            rows = np.arange(self._judged, stop, dtype=np.int32)
            self._world.creator_feedback(now, rows, view.notes.totals[rows])
            self._judged = stop

    def end_day(self, now: float) -> None:
        """Close the day that ends at `now` and plan the next."""
        if now == 0.0:
            return
        with self._costs.timed("day_end"):
            self._commit.end_day(now)
            day = round(now / DAY_S) - 1
            change = self._world.end_of_day(day + self._start_day, now)
            self._join(change.new_readers)
            self._commit.become_creators(change.new_creators)
        self.plan_day(now)

    def nearline(self, now: float) -> None:
        """Update profiles and hand fresh clicks to channels and rankers."""
        with self._costs.timed("nearline"):
            interactions = self._commit.nearline()
            view = self._state.view(now)
            for i, stack in enumerate(self._funnel.stacks()):
                log, own = self._arms.own_log(i, interactions, view), self._arms.own_view(i, view)
                for channel in stack.channels:
                    channel.nearline(log, own)
                for _, plugin in stack.own_plugins():
                    if isinstance(plugin, Learner):
                        plugin.nearline(log, own)

    def view(self, now: float) -> PlatformView:
        """Return what plug-ins may see at `now`."""
        return self._state.view(now)

    def _join(self, new: NewReaders) -> None:
        if new.n:
            self._commit.join(new, _category_vectors(self._state))
            self._arrivals.add_readers(new.n)

    def state_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a checkpoint needs of this object."""
        out: dict[str, NDArray[Any]] = {"judged": np.array([self._judged])}
        if self._pending is not None:
            for name in NOTE_COLUMNS:
                out[f"pending_{name}"] = getattr(self._pending, name)
        return out

    def load_state(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned; world and platform must be back already."""
        self._judged = int(arrays["judged"][0])
        self._pending = NewNotes(**{name: arrays[f"pending_{name}"] for name in NOTE_COLUMNS})
        self._titles = self._world.titles(slice(self._state.notes.n, None))


def _category_vectors(state: PlatformState) -> NDArray[np.float32]:
    """Return float32[C, D], mean embedding of each category's notes (zero when it has none)."""
    spec = state.spec
    sums = np.zeros((spec.n_categories, spec.embedding_dim), np.float64)
    category = state.notes["category"]
    np.add.at(sums, category, state.notes["embedding"])
    counts = np.bincount(category.astype(np.int64), minlength=spec.n_categories)
    return (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)
