"""Whether readers come back: satisfaction, daily return, leaving for good, arrivals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.random import generator, uniform
from simulator.world.config import RetentionConfig
from simulator.world.draws import logistic
from simulator.world.purposes import Purpose
from simulator.world.tables import ReaderTruth

_WORST_DAY, _BEST_DAY = -1.5, 3.0


def active_readers(
    readers: ReaderTruth, config: RetentionConfig, seed: int, day: int
) -> NDArray[np.bool_]:
    """Return bool[n], True for readers who come on a day.

    A reader comes with probability σ(activity + sensitivity * satisfaction), and always on the
    day of registration.
    """
    n = readers.n
    logit = readers.activity[:n] + config.return_sensitivity * readers.satisfaction[:n]
    u = uniform(seed, Purpose.ACTIVE, np.arange(n), day)
    comes = u < logistic(logit.astype(np.float64))
    comes |= readers.joined_day[:n] == day
    return np.asarray(comes & (readers.alive[:n] != 0))


def settle_day(readers: ReaderTruth, config: RetentionConfig) -> None:
    """Turn the day's experience into long-run satisfaction and start the day's sums anew.

    The experience is the relative surplus of clicks over expectation; a day with few
    impressions weighs little.
    """
    rows = np.flatnonzero(readers.day_impressions[: readers.n] > 0)
    impressions = readers.day_impressions[rows].astype(np.float64)
    experience = readers.day_surplus[rows] / (impressions * readers.expected[rows])
    experience = np.clip(experience, _WORST_DAY, _BEST_DAY)
    weight = config.learning_rate * impressions / (impressions + config.long_day_impressions)
    old = readers.satisfaction[rows]
    readers.satisfaction[rows] = old + weight * (experience - old)
    readers.day_impressions[rows] = 0.0
    readers.day_surplus[rows] = 0.0


def leave_for_good(readers: ReaderTruth, config: RetentionConfig, seed: int, day: int) -> None:
    """Let readers leave for good, the likelier the less satisfied they are."""
    rows = np.flatnonzero(readers.alive[: readers.n])
    dissatisfaction = -config.churn_sensitivity * readers.satisfaction[rows].astype(np.float64)
    hazard = config.churn_per_day * np.exp(dissatisfaction)
    readers.alive[rows[uniform(seed, Purpose.CHURN, rows, day) < hazard]] = 0


def count_arrivals(n_at_start: int, config: RetentionConfig, seed: int, day: int) -> int:
    """Return how many readers register on a day; it does not depend on what happened before."""
    mean = config.arrivals_per_day
    if mean is None:
        mean = n_at_start * config.churn_per_day
    return int(generator(seed, f"{Purpose.ARRIVALS}:{day}").poisson(mean))
