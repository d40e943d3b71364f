"""The world: the only place that knows the truth about readers, creators and notes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Feedback, RequestBatch
from simulator.contracts.content import Encoder
from simulator.contracts.events import DAY_S
from simulator.contracts.random import uniform
from simulator.world import behavior, creators, history, population, publishing, retention, sessions
from simulator.world.config import WorldConfig
from simulator.world.diurnal import DiurnalCurve
from simulator.world.latent import draw_geometry, draw_tastes, measure_scale
from simulator.world.plans import (
    DayEnd,
    NewCreators,
    NewNotes,
    NewReaders,
    PastReading,
    PublishPlan,
    SessionPlan,
)
from simulator.world.purposes import Purpose
from simulator.world.tables import Arrays, CreatorTruth, NoteTruth, ReaderTruth
from simulator.world.writing import note_content, write_notes


class World:
    """Readers, creators and notes, how they act and how they change.

    Days are counted from the first measured day; times are seconds since midnight of
    `start_day`. Build it with `create`.

    Attributes:
        config: the knobs.
        readers, creators, notes: the tables of truth.
    """

    def __init__(self, config: WorldConfig, seed: int, encoder: Encoder, start_day: int) -> None:
        self.config = config
        self._seed = seed
        self._encoder = encoder
        self._start_day = start_day
        self._curve = DiurnalCurve(config.sessions.hourly_weights)
        self._geometry = draw_geometry(config, seed)
        self._scale = measure_scale(self._geometry, config, seed)
        self._knobs = behavior.coefficients(config, self._scale.mean, seed, start_day)
        dims = config.notes.content_dim + config.notes.hidden_dim
        n = config.readers.n
        self.readers = ReaderTruth(
            n + n // 16, {"taste": dims, "category_counts": config.n_categories}
        )
        self.creators = CreatorTruth(
            n // 4, {"topics": creators.MAX_TOPICS, "topic_weights": creators.MAX_TOPICS}
        )
        self.notes = NoteTruth(n, {"keywords": config.keywords_per_note, "appeal": dims})
        self._join_rate = 0.0

    @classmethod
    def create(cls, config: WorldConfig, seed: int, encoder: Encoder, start_day: int) -> World:
        """Draw a world with its first readers and creators, without notes.

        Args:
            config: the knobs.
            seed: replication seed.
            encoder: makes embeddings and titles of notes.
            start_day: the first simulated day, relative to the first measured one; not above 0.
        """
        world = cls(config, seed, encoder, start_day)
        world._settle()
        return world

    def registered(self) -> NewReaders:
        """Return what the platform knows of the first readers."""
        n = self.config.readers.n
        joined_t = population.joined_before_start(self.config, self._seed, n)
        chunks = []
        for start in range(0, n, population.CHUNK):
            ids = np.arange(start, min(start + population.CHUNK, n), dtype=np.int64)
            tastes = draw_tastes(self._geometry, self.config, self._seed, ids)
            chunks.append(population.declare(tastes, self.config, self._seed, ids))
        return NewReaders(joined_t, np.concatenate(chunks))

    def creator_rows(self) -> NewCreators:
        """Return the creators so far."""
        n = self.creators.n
        return NewCreators(self.creators.reader_idx[:n].copy(), self.creators.joined_t[:n].copy())

    def backlog(self) -> NewNotes:
        """Write the notes of the days before the start; call it once, before anything else."""
        first = self._start_day - self.config.publishing.backlog_days
        plans = [self.plan_publishes(day) for day in range(first, self._start_day)]
        empty = PublishPlan(np.empty(0), np.empty(0, np.int32), np.empty(0, np.int32))
        plans.append(empty)
        return self.write_notes(
            PublishPlan(
                t=np.concatenate([plan.t for plan in plans]),
                creator_idx=np.concatenate([plan.creator_idx for plan in plans]),
                serial=np.concatenate([plan.serial for plan in plans]),
            )
        )

    def past_reading(self, n_slots: int) -> Iterator[PastReading]:
        """Yield what readers had read before the start, a block of readers at a time.

        Call it once, after `backlog`; nothing of the world changes.

        Args:
            n_slots: slots in a slate.
        """
        if not self.config.history.enabled:
            return
        n = self.config.readers.n
        columns = (*behavior.kernel_columns(self.readers, self.notes), self._knobs)
        joined_t = population.joined_before_start(self.config, self._seed, n)
        yield from history.past_reading(
            self.readers, self.notes, columns, joined_t, n_slots, self.config, self._seed
        )

    def plan_sessions(self, day: int) -> SessionPlan:
        """Plan the sessions of a day; call it once the day before has ended.

        Args:
            day: the day, 0 is the first measured one.
        """
        rows = np.flatnonzero(self._active(day))
        return sessions.plan_sessions(
            self.readers,
            rows,
            day,
            self._midnight(day),
            self._curve,
            self.config.sessions,
            self._seed,
        )

    def plan_publishes(self, day: int) -> PublishPlan:
        """Plan the notes of a day; call it once the day before has ended."""
        return publishing.plan_publishes(
            self.creators,
            self._active(day),
            day,
            self._midnight(day),
            self._curve,
            self.config,
            self._seed,
        )

    def thin_sessions(self, plan: SessionPlan, share: NDArray[np.float64], day: int) -> SessionPlan:
        """Return the sessions of a plan that take place; see `sessions.thin`."""
        return sessions.thin(plan, share, day, self._seed)

    def surge(self, plan: PublishPlan, factor: NDArray[np.float64], day: int) -> PublishPlan:
        """Return a plan with more notes, or fewer; see `publishing.surge`."""
        return publishing.surge(
            plan,
            factor,
            self.creators,
            day,
            self._midnight(day),
            self.config,
            self._seed,
        )

    def write_notes(self, plan: PublishPlan) -> NewNotes:
        """Append planned notes, or the next part of a plan, and return their observables."""
        return write_notes(
            self.notes,
            self.creators,
            plan,
            self._geometry,
            self.config,
            self._seed,
            self._start_day,
            self._encoder,
        )

    def respond(self, requests: RequestBatch, slate_notes: NDArray[np.int32]) -> Feedback:
        """Let readers look at their slates, act, and decide whether to ask for more.

        Args:
            requests: B requests, each reader at most once. Request 0 of a session resets the
                reader's fatigue and session satisfaction.
            slate_notes: int32[B, S] note rows, -1 where empty. An empty slate ends the session.

        Returns:
            Feedback whose `next_t` is NaN where the session ends.
        """
        return behavior.answer(requests, slate_notes, self.readers, self.notes, self._knobs)

    def creator_feedback(
        self, now: float, note_idx: NDArray[np.int32], totals: NDArray[np.float32]
    ) -> None:
        """Tell creators how notes did in their first day.

        Args:
            now: time, seconds.
            note_idx: int32[m], notes whose age has just passed a day, each only once.
            totals: float32[m, N_KINDS], their feedback so far.
        """
        signal = creators.feedback_signal(totals, self.config.creators)
        rate = self.config.creators.learning_rate
        creators.absorb_feedback(self.creators, self.notes.creator_idx[note_idx], signal, rate)

    def end_of_day(self, day: int, now: float) -> DayEnd:
        """Let the day's experience sink in: who comes back, who leaves, who arrives.

        Args:
            day: the day that ends.
            now: its end, seconds.

        Returns:
            New readers and creators, whose rows are appended already.
        """
        active = self._active(day)
        retention.settle_day(self.readers, self.config.retention)
        retention.leave_for_good(self.readers, self.config.retention, self._seed, day)
        knobs = self.config.creators
        self.creators.motivation[: self.creators.n] *= np.float32(1.0 - knobs.decay_per_day)
        creators.stop_creating(self.creators, knobs, self._seed, day)
        joins = self._joining(active, day)
        new_creators = self._append_creators(joins, np.full(joins.size, now))
        n_new = retention.count_arrivals(
            self.config.readers.n, self.config.retention, self._seed, day
        )
        declared = self._append_readers(n_new, day + 1)
        return DayEnd(NewReaders(np.full(n_new, now), declared), new_creators)

    def titles(self, rows: slice | NDArray[np.int32]) -> list[str]:
        """Return the titles of notes; they are made anew each time, not stored."""
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(self.notes.n), dtype=np.int32)
        content_dim = self.config.notes.content_dim
        return self._encoder.titles(note_content(self.notes, self.creators, rows, content_dim))

    def oracle_click_probability(
        self, reader_idx: NDArray[np.int32], note_idx: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        """Return float64[m], true click probability of examined pairs.

        Fatigue and age are left out. For oracles and tests only.
        """
        return behavior.click_probability(
            reader_idx, note_idx, self.readers, self.notes, self._knobs
        )

    def state_arrays(self) -> Arrays:
        """Return everything that a checkpoint needs, by name."""
        arrays: Arrays = {"join_rate": np.array([self._join_rate])}
        for prefix, table in self._tables().items():
            arrays |= {f"{prefix}.{name}": a for name, a in table.state_arrays().items()}
        return arrays

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` of a world of the same config and seed returned."""
        self._join_rate = float(arrays["join_rate"].astype(np.float64)[0])
        for prefix, table in self._tables().items():
            table.load_state({name: arrays[f"{prefix}.{name}"] for name in table.dtypes})

    def _settle(self) -> None:
        n = self.config.readers.n
        self._append_readers(n, np.iinfo(np.int32).min)
        joined_t = population.joined_before_start(self.config, self._seed, n)
        chosen, since = creators.choose_creators(self.readers, joined_t, self.config, self._seed)
        self._append_creators(chosen, since)
        self._join_rate = creators.balanced_join_rate(self.creators, self.readers, self.config)

    def _append_readers(self, n: int, joined_day: int) -> NDArray[np.float32]:
        return population.append_readers(
            self.readers, n, joined_day, self._geometry, self._scale, self.config, self._seed
        )

    def _append_creators(
        self, reader_idx: NDArray[np.int64], joined_t: NDArray[np.float64]
    ) -> NewCreators:
        tastes = draw_tastes(self._geometry, self.config, self._seed, reader_idx)
        columns = creators.creator_columns(tastes, self.config, self._seed, reader_idx)
        columns["joined_t"] = joined_t
        self.creators.append(reader_idx.size, columns)
        self.readers.is_creator[reader_idx] = 1
        return NewCreators(reader_idx.astype(np.int32), joined_t)

    def _joining(self, active: NDArray[np.bool_], day: int) -> NDArray[np.int64]:
        n = active.size
        free = active & (self.readers.alive[:n] != 0) & (self.readers.is_creator[:n] == 0)
        rows = np.flatnonzero(free).astype(np.int64)
        return rows[uniform(self._seed, Purpose.JOIN, rows, day) < self._join_rate]

    def _active(self, day: int) -> NDArray[np.bool_]:
        return retention.active_readers(self.readers, self.config.retention, self._seed, day)

    def _midnight(self, day: int) -> float:
        return float((day - self._start_day) * DAY_S)

    def _tables(self) -> dict[str, ReaderTruth | CreatorTruth | NoteTruth]:
        return {"readers": self.readers, "creators": self.creators, "notes": self.notes}
