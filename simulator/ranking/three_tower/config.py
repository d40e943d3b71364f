"""Knobs of the three-tower pre-ranker."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from simulator.contracts.config import Config, Duration, knob
from simulator.contracts.events import DAY_S, HOUR_S
from simulator.contracts.plugins import PluginConfig
from simulator.ranking.diversity import PreRankDiversityConfig, check_direct
from simulator.ranking.statistics import StatisticsConfig


class HeadsConfig(Config):
    """Weights w of the heads in the score p_click·(1 + Σ w·p); weight 0: not computed."""

    like: float = knob(1.0, "Weight of p_like.", ge=0, le=1_000, tunable=True)
    collect: float = knob(1.0, "Weight of p_collect.", ge=0, le=1_000, tunable=True)
    comment: float = knob(4.0, "Weight of p_comment.", ge=0, le=1_000, tunable=True)
    share: float = knob(4.0, "Weight of p_share.", ge=0, le=1_000, tunable=True)


class SizesConfig(Config):
    """Widths of the layers. Vectors of readers and notes are as wide as the content embedding."""

    reader_hidden: int = knob(48, "Units of the reader tower's hidden layer.", ge=1, le=1_024)
    note_hidden: int = knob(32, "Units of the note tower's hidden layer.", ge=1, le=1_024)
    creator_buckets: int = knob(512, "Creators share so many vectors.", ge=1, le=1_000_000)
    creator_dim: int = knob(4, "Width of a creator's vector.", ge=1, le=64)
    cross: int = knob(8, "Units of the cross tower.", ge=1, le=256)
    upper: int = knob(8, "Units of the upper net's hidden layer.", ge=1, le=256)


class ExamplesConfig(Config):
    """What is logged to learn from."""

    requests_a_day: int = knob(
        16_000,
        "About so many requests of a day are logged, chosen evenly; all of them where there are "
        "fewer.",
        unit="requests",
        ge=100,
        le=10_000_000,
    )
    passed: int = knob(
        4,
        "Notes logged of each request that passed pre-rank and were not shown, chosen evenly.",
        unit="notes",
        ge=0,
        le=100,
    )
    rejected: int = knob(
        0,
        "Notes logged of each request that did not pass pre-rank, chosen evenly.",
        unit="notes",
        ge=0,
        le=100,
    )


class LearningConfig(Config):
    """When the towers are trained, and on what."""

    full_every: Duration = knob(
        DAY_S, "Time between two full trainings, of all towers.", ge=HOUR_S, le=30 * DAY_S
    )
    full_delay: Duration = knob(HOUR_S, "Time until the result of one serves.", ge=0, le=30 * DAY_S)
    incremental_every: Duration = knob(
        HOUR_S,
        "Time between two incremental trainings, of all but the note tower, so that cached note "
        "vectors stay right; 0 for none.",
        ge=0,
        le=DAY_S,
    )
    incremental_delay: Duration = knob(300, "Time until the result of one serves.", ge=0, le=DAY_S)
    fewest_requests: int = knob(
        200, "A training waits for so many logged requests.", unit="requests", ge=1, le=1_000_000
    )
    epochs: int = knob(1, "Passes of a full training over its examples.", ge=1, le=100)
    batch_size: int = knob(64, "Requests a step.", unit="requests", ge=1, le=16_384)
    learning_rate: float = knob(0.003, "Step size of Adam.", ge=1e-7, le=1, tunable=True)
    distillation: float = knob(
        1.0,
        "Weight of the ranker's predictions as labels, beside what readers did; alone they are "
        "the labels of notes that were not shown.",
        ge=0,
        le=100,
        tunable=True,
    )
    rejected_weight: float = knob(
        0.1, "Weight of a rejected note as one that is not clicked.", ge=0, le=100, tunable=True
    )

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        if self.full_delay >= self.full_every:
            raise ValueError("full_delay must be below full_every")
        if self.incremental_every and self.incremental_delay >= self.incremental_every:
            raise ValueError("incremental_delay must be below incremental_every")
        return self


class ThreeTowerConfig(PluginConfig):
    """Knobs of the three-tower pre-ranker."""

    type: Literal["three_tower"] = "three_tower"
    keep: int = knob(
        80, "Candidates that go on to rank.", unit="notes a request", ge=1, le=5_000, tunable=True
    )
    evidence_weight: float = knob(
        1.0,
        "Weight of log(1 + n0) - log(1 + n) for a note with n life impressions, fewer than n0 = "
        "`evidence_impressions`, taken from the log-odds of a click after all learning: what a "
        "note pays for being unproven. 0 takes predictions at their word, and new notes flood "
        "the feed.",
        ge=-20,
        le=20,
        tunable=True,
    )
    evidence_impressions: float = knob(
        100.0,
        "Life impressions, times the scenario's threshold scale, that prove a note.",
        unit="impressions",
        ge=0,
        le=1_000_000,
    )
    heads: HeadsConfig = HeadsConfig()
    sizes: SizesConfig = SizesConfig()
    examples: ExamplesConfig = ExamplesConfig()
    learning: LearningConfig = LearningConfig()
    diversity: PreRankDiversityConfig = PreRankDiversityConfig()
    statistics: StatisticsConfig = StatisticsConfig()

    @model_validator(mode="after")
    def _room(self) -> Self:
        check_direct(self.diversity, self.keep)
        return self
