"""Which creators publish on a day, how many notes, and when."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S, HOUR_S
from simulator.contracts.random import uniform
from simulator.world.config import WorldConfig
from simulator.world.creators import intensity_factor
from simulator.world.diurnal import DiurnalCurve
from simulator.world.draws import count_up, geometric_extra
from simulator.world.plans import PublishPlan
from simulator.world.purposes import Purpose
from simulator.world.tables import CreatorTruth


def publish_probability(creators: CreatorTruth, config: WorldConfig) -> NDArray[np.float64]:
    """Return float64[A], probability of publishing on a day when the creator's reader comes."""
    n = creators.n
    factor = intensity_factor(creators.reaction[:n], creators.motivation[:n], config.creators)
    probability = creators.publish_rate[:n] * factor
    return np.minimum(probability, config.publishing.most_per_active_day)


def plan_publishes(
    creators: CreatorTruth,
    active: NDArray[np.bool_],
    day: int,
    day_start: float,
    curve: DiurnalCurve,
    config: WorldConfig,
    seed: int,
) -> PublishPlan:
    """Plan the notes of a day; only creators who come that day publish.

    Args:
        creators: the table.
        active: bool[R], readers who come on the day.
        day: index of the day, for keys.
        day_start: its midnight, seconds.
        curve: the diurnal curve.
        config: the world.
        seed: replication seed.
    """
    reader = creators.reader_idx[: creators.n]
    u = uniform(seed, Purpose.PUBLISH, reader, day)
    publishes = u < publish_probability(creators, config)
    publishes &= active[reader] & (creators.creating[: creators.n] != 0)
    rows = np.flatnonzero(publishes)
    u = uniform(seed, Purpose.N_NOTES, reader[rows], day)
    count = 1 + geometric_extra(u, creators.extra_notes[rows])
    count = np.minimum(count, config.publishing.most_notes_per_day)
    creator = np.repeat(rows, count)
    serial = count_up(count)
    u = uniform(seed, Purpose.PUBLISH_TIME, reader[creator], day, serial)
    t = day_start + curve.times(u)
    order = np.argsort(t, kind="stable")
    return PublishPlan(
        t=t[order],
        creator_idx=creator[order].astype(np.int32),
        serial=serial[order].astype(np.int32),
    )


def surge(
    plan: PublishPlan,
    factor: NDArray[np.float64],
    creators: CreatorTruth,
    day: int,
    day_start: float,
    config: WorldConfig,
    seed: int,
) -> PublishPlan:
    """Return a plan with more notes, or fewer: whole copies of each, and one more by chance.

    A copy is a note of its own by the same creator, up to an hour later on the same day. The
    notes of the plan stay the same where the factor is at least 1.

    Args:
        plan: the notes of a day.
        factor: float64[m], factor on each note's expected number.
        creators: the table.
        day: index of the day, for keys.
        day_start: its midnight, seconds.
        config: the world.
        seed: replication seed.
    """
    reader = creators.reader_idx[plan.creator_idx]
    u = uniform(seed, Purpose.SURGE, reader, day, plan.serial)
    n_copies = np.floor(factor + u).astype(np.int64)
    creator = np.repeat(plan.creator_idx, n_copies)
    copy = count_up(n_copies)
    serial = np.repeat(plan.serial, n_copies) + copy * config.publishing.most_notes_per_day
    t = np.repeat(plan.t, n_copies)
    extra = np.flatnonzero(copy)
    u = uniform(seed, Purpose.PUBLISH_TIME, creators.reader_idx[creator[extra]], day, serial[extra])
    t[extra] = np.minimum(t[extra] + u * HOUR_S, day_start + DAY_S - 1.0)
    order = np.lexsort((creator, t))
    return PublishPlan(t[order], creator[order], serial[order].astype(np.int32))
