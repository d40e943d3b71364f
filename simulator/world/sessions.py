"""Which readers come on a day, how often, and when."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S
from simulator.contracts.random import uniform
from simulator.world.config import SessionsConfig
from simulator.world.diurnal import DiurnalCurve
from simulator.world.draws import count_up, geometric_extra
from simulator.world.plans import SessionPlan
from simulator.world.purposes import Purpose
from simulator.world.tables import ReaderTruth

_LANE = 2.0 * DAY_S


def plan_sessions(
    readers: ReaderTruth,
    active: NDArray[np.intp],
    day: int,
    day_start: float,
    curve: DiurnalCurve,
    config: SessionsConfig,
    seed: int,
) -> SessionPlan:
    """Plan the sessions of a day.

    The number of a reader's sessions is geometric with the reader's own mean; starts follow the
    diurnal curve and keep a least distance. A reader's plan depends on the reader and the day
    alone.

    Args:
        readers: the table.
        active: rows of the readers who come, ascending.
        day: index of the day, for keys.
        day_start: its midnight, seconds.
        curve: the diurnal curve.
        config: knobs of sessions.
        seed: replication seed.
    """
    extra = geometric_extra(
        uniform(seed, Purpose.N_SESSIONS, active, day), readers.sessions[active] - 1.0
    )
    count = 1 + np.minimum(extra, config.max_per_day - 1)
    reader = np.repeat(active, count)
    number = count_up(count)
    seconds = curve.times(uniform(seed, Purpose.SESSION_START, reader, day, number))
    # Every reader has a lane of two days, so one sort orders the sessions of each.
    lane = reader * _LANE
    ordered = np.sort(lane + seconds) - number * config.min_gap_s
    seconds = np.maximum.accumulate(ordered) + number * config.min_gap_s - lane
    kept = np.flatnonzero(seconds < DAY_S)
    order = kept[np.argsort(seconds[kept], kind="stable")]
    return SessionPlan(
        t=day_start + seconds[order],
        reader_idx=reader[order].astype(np.int32),
        session_no=number[order].astype(np.int32),
    )


def thin(plan: SessionPlan, share: NDArray[np.float64], day: int, seed: int) -> SessionPlan:
    """Return the sessions that take place when fewer do; which ones is a draw of their own.

    Args:
        plan: the sessions of a day.
        share: float64[m], probability that each takes place.
        day: index of the day, for keys.
        seed: replication seed.
    """
    u = uniform(seed, Purpose.SESSION_THINNING, plan.reader_idx, day, plan.session_no)
    kept = u < share
    return SessionPlan(plan.t[kept], plan.reader_idx[kept], plan.session_no[kept])
