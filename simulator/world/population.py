"""Draws readers: taste, habits, and what they declare when they register."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S
from simulator.contracts.random import uniform
from simulator.world.config import WorldConfig
from simulator.world.draws import choice, exponential, logistic, normals
from simulator.world.latent import AffinityScale, Geometry, Tastes, draw_tastes
from simulator.world.purposes import Purpose
from simulator.world.tables import Arrays, ReaderTruth

CHUNK = 16_384
"""Readers drawn at a time, to bound memory."""

MAX_DECLARED = 3
_LONGEST_TENURE_DAYS = 3_000.0


def append_readers(
    readers: ReaderTruth,
    n: int,
    joined_day: int,
    geometry: Geometry,
    scale: AffinityScale,
    config: WorldConfig,
    seed: int,
) -> NDArray[np.float32]:
    """Draw n readers and append them.

    Returns:
        float32[n, C], what they declare.
    """
    declared = [np.zeros((0, config.n_categories), np.float32)]
    end = readers.n + n
    for start in range(readers.n, end, CHUNK):
        ids = np.arange(start, min(start + CHUNK, end), dtype=np.int64)
        tastes = draw_tastes(geometry, config, seed, ids)
        columns = reader_columns(tastes, scale, config, seed, ids)
        columns["joined_day"] = np.full(ids.size, joined_day, np.int32)
        readers.append(ids.size, columns)
        declared.append(declare(tastes, config, seed, ids))
    return np.concatenate(declared)


def reader_columns(
    tastes: Tastes, scale: AffinityScale, config: WorldConfig, seed: int, ids: NDArray[np.int64]
) -> Arrays:
    """Return the columns of readers who have just registered."""
    knobs = config.readers
    traits = normals(seed, Purpose.TRAITS, ids, 4)
    propensity = knobs.propensity_sd * traits[:, 0]
    base = config.retention.reference_click_rate
    spread = np.exp(knobs.sessions_sd * traits[:, 3] - 0.5 * knobs.sessions_sd**2)
    return {
        "taste": tastes.scaled(scale),
        "propensity": propensity.astype(np.float32),
        "expected": logistic(np.log(base / (1.0 - base)) + propensity).astype(np.float32),
        "patience": (knobs.patience_sd * traits[:, 1]).astype(np.float32),
        "activity": (knobs.activity_logit_mean + knobs.activity_logit_sd * traits[:, 2]).astype(
            np.float32
        ),
        "sessions": np.maximum(1.0, config.sessions.mean_per_active_day * spread).astype(
            np.float32
        ),
        "alive": np.ones(ids.size, np.uint8),
    }


def declare(
    tastes: Tastes, config: WorldConfig, seed: int, ids: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return float32[n, C]: interests that readers name when they register, rows sum to 1.

    A reader names up to three favourites, leaves some out, and may name one by mistake.
    """
    knobs = config.readers
    n_categories = config.n_categories
    declared = np.zeros((ids.size, n_categories), np.float32)
    rows = np.arange(ids.size)
    for place in range(min(MAX_DECLARED, tastes.favourites.shape[1])):
        category = tastes.favourites[:, place]
        names = uniform(seed, Purpose.DECLARED, ids, place) < knobs.declared_probability
        names &= category >= 0
        declared[rows[names], category[names]] = 1.0
    slip = uniform(seed, Purpose.DECLARED_ERROR, ids) < knobs.declared_error
    slip |= declared.sum(axis=1) == 0
    slip &= declared.sum(axis=1) < MAX_DECLARED
    wrong = choice(seed, Purpose.DECLARED_ERROR, ids + (1 << 40), [1.0] * n_categories)
    declared[rows[slip], wrong[slip]] = 1.0
    return np.asarray(declared / declared.sum(axis=1, keepdims=True))


def joined_before_start(config: WorldConfig, seed: int, n: int) -> NDArray[np.float64]:
    """Return float64[n] times at which the first n readers registered, seconds, at most 0.

    Tenure is exponential, as in a population that has long been stationary.
    """
    mean = min(1.0 / max(config.retention.churn_per_day, 1e-9), _LONGEST_TENURE_DAYS)
    tenure = mean * exponential(seed, Purpose.TENURE, np.arange(n))
    return np.asarray(-np.minimum(tenure, _LONGEST_TENURE_DAYS) * DAY_S)
