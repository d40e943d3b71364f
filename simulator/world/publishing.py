"""Which creators publish on a day, how many notes, and when."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
