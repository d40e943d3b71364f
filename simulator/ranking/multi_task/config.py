"""Knobs that all multi-task rankers share."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from simulator.contracts.config import Config, Duration, knob
from simulator.contracts.events import DAY_S, HOUR_S
from simulator.contracts.plugins import PluginConfig
from simulator.ranking.fusion import FusionConfig
from simulator.ranking.statistics import StatisticsConfig


class LossConfig(Config):
    """How the losses of the heads add up.

    Cross-entropy an impression for the click, and a click for what follows it; for reading the
    squared error of log(1 + seconds).
    """

    weighting: Literal["fixed", "uncertainty"] = knob(
        "fixed",
        "`fixed`: Σ w·L; `uncertainty`: Σ w·(e^-s·L + s/2) with a learned s a head (Kendall, Gal, "
        "Cipolla, CVPR 2018).",
    )
    click: float = knob(1.0, "Weight w of the click.", ge=0, le=1_000)
    like: float = knob(1.0, "Weight w of the like.", ge=0, le=1_000)
    collect: float = knob(1.0, "Weight w of the collect.", ge=0, le=1_000)
    comment: float = knob(1.0, "Weight w of the comment.", ge=0, le=1_000)
    share: float = knob(1.0, "Weight w of the share.", ge=0, le=1_000)
    dwell: float = knob(0.2, "Weight w of the reading time.", ge=0, le=1_000)


class MultiTaskConfig(PluginConfig):
    """Knobs of every multi-task ranker; each adds those of its architecture."""

    keep: int = knob(
        40, "Candidates that go on to rerank.", unit="notes a request", ge=1, le=5_000, tunable=True
    )
    interactions: int = knob(
        11,
        "Products of a projection of the reader's vector and one of the note's embedding.",
        unit="numbers",
        ge=0,
        le=256,
    )
    incremental_every: Duration = knob(
        3 * HOUR_S, "Time between trainings on what was served since.", ge=600, le=DAY_S
    )
    incremental_delay: Duration = knob(
        600, "Time until such a training serves; below `incremental_every`.", ge=0, le=DAY_S
    )
    full_delay: Duration = knob(
        2 * HOUR_S, "Time until the training of each midnight serves.", ge=0, le=DAY_S - 600
    )
    training_rows: int = knob(
        100_000, "Latest examples to keep and learn from.", unit="impressions", ge=1_000,
        le=10_000_000,
    )  # fmt: skip
    epochs: int = knob(
        2, "Passes of each midnight's training over the latest examples.", unit="passes", ge=1,
        le=50,
    )  # fmt: skip
    batch_size: int = knob(2_048, "Examples a step.", unit="impressions", ge=16, le=65_536)
    learning_rate: float = knob(0.004, "Step of Adam.", ge=1e-6, le=1.0, tunable=True)
    negative_rate: float = knob(
        1.0,
        "Share of impressions without a click that are logged; predictions are calibrated back.",
        ge=0.001,
        le=1,
    )
    loss: LossConfig = LossConfig()
    prior_reader_impressions: float = knob(
        50.0,
        "Impressions that the platform's average counts for in a reader's click rate.",
        unit="impressions",
        ge=0.1,
        le=100_000,
    )
    fusion: FusionConfig = FusionConfig()
    statistics: StatisticsConfig = StatisticsConfig()

    @model_validator(mode="after")
    def _serves_before_the_next(self) -> Self:
        if self.incremental_delay >= self.incremental_every:
            raise ValueError("incremental_delay must be below incremental_every")
        return self
