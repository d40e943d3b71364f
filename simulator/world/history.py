"""What readers had read before the start: a platform in use, without simulating its past."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S, N_KINDS
from simulator.contracts.random import stream_key
from simulator.world.behavior_kernels import Coefficients, NoteColumns, ReaderColumns
from simulator.world.config import WorldConfig
from simulator.world.draws import logistic
from simulator.world.history_kernels import read_past
from simulator.world.plans import PastReading
from simulator.world.purposes import Purpose
from simulator.world.tables import NoteTruth, ReaderTruth

READERS_AT_A_TIME = 512
"""Readers in a block, to bound memory."""

_MOST_SHARE_READ = 0.5


def past_reading(
    readers: ReaderTruth,
    notes: NoteTruth,
    columns: tuple[ReaderColumns, NoteColumns, Coefficients],
    joined_t: NDArray[np.float64],
    n_slots: int,
    config: WorldConfig,
    seed: int,
) -> Iterator[PastReading]:
    """Yield what each block of readers had read.

    Args:
        readers: the readers at the start.
        notes: the notes at the start, all of them published before.
        columns: both tables and the knobs of behaviour as kernels take them.
        joined_t: float64[R], times at which the readers registered.
        n_slots: slots in a slate.
        config: the knobs.
        seed: replication seed.
    """
    if notes.n == 0:
        return
    knobs = config.history
    days = np.minimum(-joined_t / DAY_S, config.publishing.backlog_days)
    active = days * logistic(readers.activity[: readers.n].astype(np.float64))
    wanted = np.minimum(
        active * _per_active_day(readers, n_slots, config), _MOST_SHARE_READ * notes.n
    )
    within_reach = np.minimum(wanted * knobs.reach, notes.n).astype(np.int64)
    wanted = wanted.astype(np.int64)
    scale_s = knobs.delay_scale_days * DAY_S
    ages = np.maximum(-notes.published_t[: notes.n], 0.0)
    within = -np.expm1(-((ages / scale_s) ** knobs.delay_shape))
    for start in range(0, readers.n, READERS_AT_A_TIME):
        block = slice(start, min(start + READERS_AT_A_TIME, readers.n))
        room = int(wanted[block].sum())
        past = PastReading(
            t=np.empty(room),
            reader_idx=np.empty(room, np.int32),
            note_idx=np.empty(room, np.int32),
            actions=np.zeros((room, N_KINDS), np.float32),
            active_days=np.round(active[block]).astype(np.int32),
            first_reader=start,
        )
        n = read_past(
            start,
            wanted[block],
            within_reach[block],
            within,
            stream_key(seed, Purpose.HISTORY),
            knobs.error_sd,
            scale_s,
            knobs.delay_shape,
            *columns,
            past.t,
            past.reader_idx,
            past.note_idx,
            past.actions,
        )
        yield _first(past, n)


def _per_active_day(readers: ReaderTruth, n_slots: int, config: WorldConfig) -> NDArray[np.float64]:
    """Return float64[R], impressions that a reader at ease expects on an active day."""
    behavior, sessions = config.behavior, config.sessions
    screens = np.arange(n_slots) // behavior.screen_slots
    depth = float(np.sum(behavior.screen_decay**screens))
    go_on = logistic(sessions.continue_logit + readers.patience[: readers.n].astype(np.float64))
    requests = (1.0 - go_on**sessions.max_requests) / (1.0 - go_on)
    per_day = np.minimum(readers.sessions[: readers.n], sessions.max_per_day)
    return np.asarray(depth * requests * per_day)


def _first(past: PastReading, n: int) -> PastReading:
    return PastReading(
        t=past.t[:n],
        reader_idx=past.reader_idx[:n],
        note_idx=past.note_idx[:n],
        actions=past.actions[:n],
        active_days=past.active_days,
        first_reader=past.first_reader,
    )
