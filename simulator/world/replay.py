"""Draws again what a world once drew: the truth of single notes, without living the world."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S
from simulator.contracts.random import hashed, normal, uniform
from simulator.world.config import WorldConfig
from simulator.world.diurnal import DiurnalCurve
from simulator.world.draws import normals
from simulator.world.purposes import Purpose


def oracle_note_quality(
    config: WorldConfig, seed: int, start_day: int, published_t: NDArray[np.float64], n_readers: int
) -> NDArray[np.float64]:
    """Return the true quality of notes, known only to the world.

    The instant of publishing is drawn for reader, day and serial number, so that it tells which
    reader published the note and which of the day's notes it was; its key follows from these.

    Args:
        config: the world.
        seed: replication seed.
        start_day: the first simulated day, relative to the first measured one; not above 0.
        published_t: float64[m], times of publication, seconds since midnight of `start_day`.
        n_readers: readers who had registered by then, or more.

    Returns:
        float64[m], quality in standard deviations; NaN where no reader or several could have
        published at that instant, as for the copies of a surge.
    """
    curve = DiurnalCurve(config.sessions.hourly_weights)
    reader = np.arange(n_readers)[:, None]
    serial = np.arange(config.publishing.most_notes_per_day)[None, :]
    share = config.notes.creator_quality_share
    found = np.full(published_t.size, np.nan)
    for i, t in enumerate(published_t):
        midnight = np.floor(t / DAY_S)
        day = int(midnight) + start_day
        u = uniform(seed, Purpose.PUBLISH_TIME, reader, day, serial)
        who, which = np.nonzero(midnight * DAY_S + curve.times(u) == t)
        if who.size != 1:
            continue
        key = hashed(seed, Purpose.NOTE, who, day, which.astype(np.int32))
        creator = normals(seed, Purpose.CREATOR_TRAITS, who, 3)[0, 0].astype(np.float32)
        own = normal(seed, Purpose.NOTE_QUALITY, key)[0]
        found[i] = np.sqrt(share) * creator + np.sqrt(1.0 - share) * own
    return found
