"""Creators: who they are, what moves them, when they give up and who joins them.

Publishing intensity is base * exp(reaction * (motivation - reference)). Motivation follows the
first-day impressions of a creator's notes with diminishing returns. A sensitive minority reacts,
the others do not: randomised extra reach moved few creators much and most not at all ("How Do
Content Producers Respond to Engagement", SSRN 4173537); the middle preset agrees with the
5.87 % more videos of the creator-side experiment in ICIS 2024 paper 1670.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S, Kind
from simulator.contracts.random import uniform
from simulator.world.config import CreatorsConfig, WorldConfig
from simulator.world.draws import choice, logistic, normals
from simulator.world.latent import Tastes
from simulator.world.purposes import Purpose
from simulator.world.tables import Arrays, CreatorTruth, ReaderTruth

MEAN_EFFECT: Final = {"low": 0.02, "mid": 0.06, "high": 0.15}
"""Relative gain in publishing, averaged over creators, when motivation goes from 0 to 1."""

MAX_TOPICS = 3
_MONTH_DAYS = 30
_FIVE_TIMES = 5.0


def exposure_signal(
    impressions: NDArray[np.floating], config: CreatorsConfig
) -> NDArray[np.float64]:
    """Return motivation from first-day impressions: 0 for none, 1 at the reference.

    With E0 a fifth of the reference and g the saturation, the signal is h(E) / h(reference),
    where h(E) = (1 - (1 + E / E0) ** -g) / g, and log(1 + E / E0) for g = 0.
    """
    relative = impressions.astype(np.float64) / config.reference_impressions
    growth, full = np.log1p(_FIVE_TIMES * relative), np.log1p(_FIVE_TIMES)
    if config.saturation <= 0:
        return np.asarray(growth / full)
    saturation = config.saturation
    return np.asarray(np.expm1(-saturation * growth) / np.expm1(-saturation * full))


def feedback_signal(totals: NDArray[np.float32], config: CreatorsConfig) -> NDArray[np.float64]:
    """Return motivation from all first-day feedback of notes.

    Args:
        totals: float32[m, N_KINDS].
        config: knobs of creators.

    Returns:
        float64[m].
    """
    signal = exposure_signal(totals[:, Kind.IMPRESSION], config)
    signal += config.like_weight * np.log1p(totals[:, Kind.LIKE]) / np.log(11.0)
    signal += config.comment_weight * np.log1p(totals[:, Kind.COMMENT]) / np.log(11.0)
    return signal


def intensity_factor(
    reaction: NDArray[np.floating], motivation: NDArray[np.floating], config: CreatorsConfig
) -> NDArray[np.float64]:
    """Return the factor by which motivation changes publishing."""
    gap = motivation.astype(np.float64) - config.reference_motivation
    return np.asarray(np.exp(reaction * gap))


def sensitive_reaction(config: CreatorsConfig) -> float:
    """Return the log publishing rate of a sensitive creator for each unit of motivation."""
    return float(np.log1p(MEAN_EFFECT[config.sensitivity] / config.sensitive_share))


def absorb_feedback(
    creators: CreatorTruth,
    creator_idx: NDArray[np.int32],
    signal: NDArray[np.float64],
    learning_rate: float,
) -> None:
    """Move motivation towards the signals of notes, in order for creators with several."""
    order = np.argsort(creator_idx, kind="stable")
    turn = np.empty(order.size, np.int64)
    who = creator_idx[order]
    starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]]) if order.size else order
    turn[order] = np.arange(order.size) - np.repeat(starts, np.diff(np.r_[starts, order.size]))
    for step in range(int(turn.max(initial=-1)) + 1):
        now = turn == step
        old = creators.motivation[creator_idx[now]]
        creators.motivation[creator_idx[now]] = old + learning_rate * (signal[now] - old)


def creator_columns(
    tastes: Tastes, config: WorldConfig, seed: int, reader_idx: NDArray[np.int64]
) -> Arrays:
    """Return the columns of readers who become creators; topics are favourites of theirs."""
    publishing, knobs = config.publishing, config.creators
    traits = normals(seed, Purpose.CREATOR_TRAITS, reader_idx, 3)
    n_topics = 1 + choice(seed, Purpose.N_TOPICS, reader_idx, knobs.n_topics_weights)
    topics = np.full((reader_idx.size, MAX_TOPICS), -1, np.int16)
    n_places = min(MAX_TOPICS, tastes.favourites.shape[1])
    topics[:, :n_places] = tastes.favourites[:, :n_places]
    topics[np.arange(MAX_TOPICS) >= n_topics[:, None]] = -1
    weights = np.where(topics >= 0, 1.0 / (1.0 + np.arange(MAX_TOPICS)), 0.0)
    rate = publishing.per_active_day * _lognormal(traits[:, 1], publishing.spread)
    sensitive = uniform(seed, Purpose.SENSITIVE, reader_idx) < knobs.sensitive_share
    return {
        "reader_idx": reader_idx.astype(np.int32),
        "quality": traits[:, 0].astype(np.float32),
        "topics": topics,
        "topic_weights": (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32),
        "publish_rate": rate.astype(np.float32),
        "extra_notes": (
            publishing.extra_notes * _lognormal(traits[:, 2], publishing.extra_spread)
        ).astype(np.float32),
        "reaction": np.where(sensitive, sensitive_reaction(knobs), 0.0).astype(np.float32),
        "motivation": np.full(reader_idx.size, knobs.reference_motivation, np.float32),
        "creating": np.ones(reader_idx.size, np.uint8),
    }


def choose_creators(
    readers: ReaderTruth, joined_t: NDArray[np.float64], config: WorldConfig, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Choose the creators among the first readers.

    Only readers who registered before the backlog of notes begins are chosen; the more active
    are likelier.

    Returns:
        int64[m] reader rows, and float64[m] times at which they became creators, seconds.
    """
    activity = logistic(readers.activity[: readers.n].astype(np.float64))
    monthly = (1.0 - (1.0 - activity) ** _MONTH_DAYS).sum()
    oldest = -max(config.publishing.backlog_days, 1) * DAY_S
    weight = np.where(joined_t < oldest, activity**config.creators.activity_skew, 0.0)
    total = weight.sum()
    wanted = config.creators.monthly_share * monthly
    probability = weight * (wanted / total if total > 0 else 0.0)
    ids = np.arange(readers.n, dtype=np.int64)
    chosen = ids[uniform(seed, Purpose.CREATOR, ids) < probability]
    share = uniform(seed, Purpose.CREATOR_SINCE, chosen)
    return chosen, oldest - share * (oldest - joined_t[chosen])


def stop_creating(creators: CreatorTruth, config: CreatorsConfig, seed: int, day: int) -> None:
    """Let creators give up, the likelier the lower their motivation."""
    rows = np.flatnonzero(creators.creating[: creators.n])
    gap = config.reference_motivation - creators.motivation[rows].astype(np.float64)
    hazard = config.stop_per_day * np.exp(config.stop_sensitivity * gap)
    stops = uniform(seed, Purpose.STOP, creators.reader_idx[rows], day) < hazard
    creators.creating[rows[stops]] = 0


def balanced_join_rate(creators: CreatorTruth, readers: ReaderTruth, config: WorldConfig) -> float:
    """Return the probability, a reader and active day, that keeps the number of creators.

    At the start as many join as give up or leave with their reader.
    """
    if config.creators.join_per_active_day is not None:
        return config.creators.join_per_active_day
    lost = creators.n * (config.creators.stop_per_day + config.retention.churn_per_day)
    free = readers.is_creator[: readers.n] == 0
    candidates = logistic(readers.activity[: readers.n][free].astype(np.float64)).sum()
    return float(min(1.0, lost / max(candidates, 1.0)))


def _lognormal(z: NDArray[np.float64], sd: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(sd * z - 0.5 * sd**2))
