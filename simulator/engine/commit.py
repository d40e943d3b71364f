"""The only writer of platform state: feedback, new notes, new people, profiles, day ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Feedback, Interactions, RequestBatch
from simulator.contracts.events import DAY_S, N_KINDS, WINDOW_S, Kind
from simulator.contracts.quotas import QuotaChanges
from simulator.contracts.views import PlatformView
from simulator.engine import commit_kernels
from simulator.engine.arms import Arms
from simulator.engine.eventlog import event_columns
from simulator.engine.request import Served
from simulator.engine.sinks import Sinks
from simulator.engine.state import PlatformState
from simulator.world.plans import NewCreators, NewNotes, NewReaders, PastReading

_SLOWEST_PROFILE_STEP = 0.03
_STRONG_WEIGHT = 2.0
Array = NDArray[Any]


@dataclass(slots=True)
class Tally:
    """Running totals for progress and the manifest.

    Attributes:
        impressions: impressions so far.
        requests: requests so far.
    """

    impressions: int = 0
    requests: int = 0


class Commit:
    """Applies what happened to the platform's state and writes the logs.

    Args:
        state: the platform.
        sinks: result tables.
        warm_up_days: days before the first measured day.
        arms: who is in which arm of an experiment.
    """

    def __init__(
        self, state: PlatformState, sinks: Sinks, warm_up_days: int, arms: Arms | None = None
    ) -> None:
        self._state = state
        self.arms = arms or Arms()
        self._sinks = sinks
        self._warm_up_days = warm_up_days
        self.tally = Tally()
        self._sessions_today = np.zeros(0, np.int16)
        self._requests_today = np.zeros(0, np.int32)
        self._fresh: list[tuple[Array, Array, Array, Array]] = []

    def day_of(self, t: float) -> int:
        """Return the day of a time; the first measured day is 0."""
        return int(t // DAY_S) - self._warm_up_days

    def serve(self, served: list[Served], feedback: list[Feedback], now: float) -> None:
        """Count the feedback of one window and log its impressions."""
        growth = self._state.growth(now)
        rows = [
            event_columns(chunk, response, self._state, self._warm_up_days)
            for chunk, response in zip(served, feedback, strict=True)
        ]
        for chunk, response, columns in zip(served, feedback, rows, strict=True):
            self._count(chunk, response, growth)
            self.arms.count(chunk.requests, chunk.slate, response, self._state.notes.n, growth)
            self._sinks.events.append(columns)
            self.tally.impressions += int(columns["t"].shape[0])
            self._remember(chunk.requests, chunk.slate.note_idx, response)

    def nearline(self) -> Interactions:
        """Move reader profiles by the clicks since the last call; return those clicks."""
        interactions = self._take_fresh()
        self._state.seen.tidy()
        if interactions.n:
            self._learn(interactions.reader_idx, interactions.note_idx, interactions.actions)
        return interactions

    def remember(self, past: PastReading) -> None:
        """Take in impressions from before the start as a log of the past; call it at time 0."""
        state = self._state
        seen = state.seen
        seen.reserve(past.n)
        seen.n_fresh = commit_kernels.count_past(
            past.t,
            past.reader_idx,
            past.note_idx,
            past.actions,
            WINDOW_S,
            state.notes["creator_idx"],
            state.notes["totals"],
            state.notes["decayed"],
            state.readers["totals"],
            state.creators["totals"],
            seen.head,
            seen.fresh_note,
            seen.fresh_prev,
            seen.n_fresh,
        )
        clicked = past.actions[:, Kind.CLICK] > 0
        self._learn(past.reader_idx[clicked], past.note_idx[clicked], past.actions[clicked])
        block = slice(past.first_reader, past.first_reader + past.active_days.shape[0])
        state.readers["active_days"][block] = past.active_days
        seen.tidy()

    def publish(self, new: NewNotes, titles: list[str]) -> None:
        """Add notes to the table and log them."""
        n = new.n
        columns: dict[str, Array] = {
            "creator_idx": new.creator_idx,
            "published_t": new.published_t,
            "category": new.category,
            "keywords": new.keywords,
            "is_video": new.is_video,
            "is_promoted": new.is_promoted,
            "has_card": new.has_card,
            "embedding": new.embedding,
        }
        rows = self._state.notes.append(n, columns)
        arm = self.arms.of_notes(
            np.arange(rows.start, rows.stop, dtype=np.int32),
            self._state.creators["reader_idx"][new.creator_idx],
            new.category,
            new.published_t,
        )
        self._state.notes["arm"][rows] = arm
        np.add.at(self._state.creators["n_notes"], new.creator_idx, 1)
        self._sinks.notes.append(
            {
                "note_id": np.arange(rows.start, rows.stop, dtype=np.int32),
                "creator_id": self._state.creators["reader_idx"][new.creator_idx],
                "published_t": new.published_t,
                "published_day": (new.published_t // DAY_S - self._warm_up_days).astype(np.int16),
                "category": new.category,
                "is_video": new.is_video,
                "is_promoted": new.is_promoted,
                "has_card": new.has_card,
                "note_arm": arm,
                "title": np.array(titles, dtype=object),
            }
        )
        self._state.changed()

    def promise(self, policy: int, changes: QuotaChanges, view: PlatformView) -> None:
        """Log what a policy has promised to notes, or no longer promises."""
        n = changes.n
        self._sinks.quotas.append(
            {
                "t": np.full(n, view.now),
                "day": np.full(n, self.day_of(view.now), np.int16),
                "policy": np.full(n, policy, np.uint8),
                "note_id": changes.note_idx,
                "event": changes.event,
                "stage": changes.stage,
                "target": changes.target,
                "deadline_t": changes.deadline_t,
                "impressions": view.notes.impressions[changes.note_idx],
            }
        )

    def join(self, new: NewReaders, category_vectors: NDArray[np.float32]) -> None:
        """Register readers with the interests that they declare.

        Args:
            new: the readers.
            category_vectors: float32[C, D], mean embedding of each category's notes.
        """
        n = new.n
        vector = np.zeros((n, category_vectors.shape[1]), np.float32)
        for c in range(category_vectors.shape[0]):
            vector += new.declared[:, c, None] * category_vectors[c]
        norm = np.sqrt(np.square(vector).sum(axis=1, keepdims=True))
        self._state.readers.append(
            n,
            {
                "joined_t": new.joined_t,
                "category_profile": new.declared,
                "vector": vector / np.maximum(norm, 1e-6),
                "recent": -1,
            },
        )
        rows = np.arange(self._state.readers.n - n, self._state.readers.n, dtype=np.int32)
        self._state.readers["arm"][rows] = self.arms.of_readers(rows)
        self._state.seen.add_readers(n)
        self._sessions_today = np.concatenate([self._sessions_today, np.zeros(n, np.int16)])
        self._requests_today = np.concatenate([self._requests_today, np.zeros(n, np.int32)])
        self._state.changed()

    def assign_arms(self) -> None:
        """Put every reader and note into its arm anew: a run that took over another's past."""
        self.relabel_readers()
        state = self._state
        notes = np.arange(state.notes.n, dtype=np.int32)
        state.notes["arm"][notes] = self.arms.of_notes(
            notes,
            state.creators["reader_idx"][state.notes["creator_idx"]],
            state.notes["category"],
            state.notes["published_t"],
        )

    def relabel_readers(self) -> None:
        """Take the arms of all readers anew: the experiment has drawn them as it began."""
        rows = np.arange(self._state.readers.n, dtype=np.int32)
        self._state.readers["arm"][:] = self.arms.of_readers(rows)
        self._state.changed()

    def become_creators(self, new: NewCreators) -> None:
        """Register creators."""
        self._state.creators.append(
            new.n,
            {"reader_idx": new.reader_idx, "joined_t": new.joined_t},
        )
        self._state.changed()

    def end_day(self, now: float) -> None:
        """Write the day's activity and sizes; compact the seen store; move the decay epoch."""
        active = np.flatnonzero(self._requests_today)
        day = self.day_of(now) - 1
        self._sinks.activity.append(
            {
                "day": np.full(active.size, day, np.int16),
                "reader_id": active.astype(np.int32),
                "sessions": self._sessions_today[active],
                "requests": self._requests_today[active],
                "reader_arm": self._state.readers["arm"][active],
            }
        )
        self._state.readers["active_days"][active] += 1
        self._sessions_today.fill(0)
        self._requests_today.fill(0)
        view = self._state.view(now)
        self._sinks.ticks.append(
            {
                "day": np.array([day], np.int16),
                "registered_readers": np.array([view.readers.n], np.int32),
                "creators": np.array([view.creators.n], np.int32),
                "live_notes": np.array([view.notes.n - view.live_start], np.int32),
            }
        )
        self._state.seen.rebuild(view.live_start)
        self.arms.rebase(self._state.fading(now))
        self._state.rebase(now)

    def _count(self, chunk: Served, feedback: Feedback, growth: NDArray[np.float32]) -> None:
        state = self._state
        state.seen.reserve(chunk.slate.note_idx.size)
        state.seen.n_fresh = commit_kernels.count(
            chunk.requests.reader_idx,
            chunk.slate.note_idx,
            feedback.examined,
            feedback.actions,
            growth,
            state.notes["creator_idx"],
            state.notes["totals"],
            state.notes["decayed"],
            state.readers["totals"],
            state.creators["totals"],
            state.seen.head,
            state.seen.fresh_note,
            state.seen.fresh_prev,
            state.seen.n_fresh,
        )
        self.tally.requests += chunk.requests.n
        self._requests_today[chunk.requests.reader_idx] += 1
        self._sessions_today[chunk.requests.reader_idx] += chunk.requests.request_no == 0

    def _learn(self, reader_idx: Array, note_idx: Array, actions: Array) -> None:
        notes, readers = self._state.notes, self._state.readers
        commit_kernels.learn_profiles(
            reader_idx,
            note_idx,
            actions,
            readers["profile_clicks"],
            notes["category"],
            notes["embedding"],
            readers["category_profile"],
            readers["vector"],
            readers["recent"],
            _SLOWEST_PROFILE_STEP,
            _STRONG_WEIGHT,
        )

    def _remember(
        self, requests: RequestBatch, note_idx: NDArray[np.int32], feedback: Feedback
    ) -> None:
        row, slot = np.nonzero(feedback.actions[:, :, Kind.CLICK])
        if row.size:
            self._fresh.append(
                (
                    requests.t[row],
                    requests.reader_idx[row],
                    note_idx[row, slot],
                    feedback.actions[row, slot],
                )
            )

    def _take_fresh(self) -> Interactions:
        if not self._fresh:
            return Interactions(
                np.empty(0),
                np.empty(0, np.int32),
                np.empty(0, np.int32),
                np.empty((0, N_KINDS), np.float32),
            )
        t, reader, note, actions = (
            np.concatenate(column) for column in zip(*self._fresh, strict=True)
        )
        self._fresh = []
        return Interactions(t, reader, note, actions)

    def state_arrays(self) -> dict[str, Array]:
        """Return what a checkpoint needs beyond the platform state."""
        fresh = self._take_fresh()
        if fresh.n:
            self._fresh = [(fresh.t, fresh.reader_idx, fresh.note_idx, fresh.actions)]
        return {
            "sessions_today": self._sessions_today,
            "requests_today": self._requests_today,
            "tally": np.array([self.tally.impressions, self.tally.requests]),
            "fresh_t": fresh.t,
            "fresh_reader": fresh.reader_idx,
            "fresh_note": fresh.note_idx,
            "fresh_actions": fresh.actions,
        }

    def load_state(self, arrays: dict[str, Array]) -> None:
        """Take back what `state_arrays` returned."""
        self._sessions_today = arrays["sessions_today"]
        self._requests_today = arrays["requests_today"]
        self.tally = Tally(*(int(x) for x in arrays["tally"]))
        self._fresh = []
        if arrays["fresh_t"].size:
            self._fresh = [
                (
                    arrays["fresh_t"],
                    arrays["fresh_reader"],
                    arrays["fresh_note"],
                    arrays["fresh_actions"],
                )
            ]
