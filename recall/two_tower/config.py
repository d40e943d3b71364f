"""Knobs of the two-tower model."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from simulator.contracts.config import Config, Duration, knob
from simulator.contracts.events import DAY_S, HOUR_S
from simulator.contracts.plugins import ModelConfig


class NegativesConfig(Config):
    """What a clicked note is told apart from; exposed notes that were not clicked never count."""

    easy: Literal["in_batch", "sampled"] = knob(
        "in_batch",
        "`in_batch`: notes of the other clicks of a batch, that is, drawn by clicks; `sampled`: "
        "live notes drawn by clicks^0.75.",
    )
    n: int = knob(
        2,
        "Negatives of each sort for a click; the softmax takes every easy one of its batch. "
        "Pointwise, a click weighs as much as one negative, and negatives together as n.",
        unit="notes",
        ge=1,
        le=10,
    )
    hard_share: float = knob(
        0.5,
        "Weight of hard negatives (half rejected by pre-rank, half by rank) among all.",
        ge=0,
        le=1,
        tunable=True,
    )


class ColdConfig(Config):
    """When a note counts as cold, and whose ID vectors it borrows."""

    own_clicks: int = knob(
        1,
        "A note has an ID vector of its own once full trainings have seen so many clicks on it.",
        unit="clicks",
        ge=1,
        le=10_000,
        tunable=True,
    )
    id_dropout: float = knob(
        0.1,
        "Share of full-training examples in which the shared default stands for the ID vector of "
        "the note, and in another such share for that of the reader.",
        ge=0,
        le=1,
    )
    k: int = knob(
        8, "Notes that a cold note borrows from, nearest by content.", unit="notes", ge=1, le=100,
        tunable=True,
    )  # fmt: skip
    lender_impressions: int = knob(
        1_000,
        "Life impressions, times the scenario's threshold scale, from which a note lends its ID "
        "vector.",
        unit="impressions",
        ge=0,
        le=1_000_000_000,
    )
    lender_clicks: int = knob(
        10,
        "Clicks that full trainings must have seen on it, too: before, the vector is mostly noise.",
        unit="clicks",
        ge=1,
        le=10_000,
    )


class TwoTowerConfig(ModelConfig):
    """Knobs of the two-tower model."""

    type: Literal["two_tower"] = "two_tower"
    dim: int = knob(32, "Width of the vectors of readers and notes.", ge=2, le=256)
    id_dim: int = knob(16, "Width of ID vectors.", ge=1, le=256)
    note_content: bool = knob(
        True,
        "Whether the note tower reads the content embedding; without it, notes of one category "
        "differ by their ID vectors alone.",
    )
    hidden: int = knob(64, "Units of each tower's hidden layer.", ge=1, le=1_024)
    temperature: float = knob(
        0.1, "Cosines are divided by this in every loss.", ge=0.001, le=10, tunable=True
    )
    loss: Literal["listwise", "pairwise", "pointwise"] = knob(
        "listwise",
        "`listwise`: softmax of a click's note against negatives, corrected for how often each is "
        "drawn; `pairwise`: every negative on its own, by a logistic or hinge; `pointwise`: click "
        "or not, by cross-entropy.",
    )
    pairwise: Literal["logistic", "hinge"] = knob("logistic", "Form of the pairwise loss.")
    margin: float = knob(0.2, "Margin of the hinge, in cosine.", ge=0, le=2)
    strong_weight: float = knob(
        0.0, "Weight that a like, collect, comment or share adds to a click's 1.", ge=0, le=100
    )
    negatives: NegativesConfig = NegativesConfig()
    cold: ColdConfig = ColdConfig()
    full_every: Duration = knob(
        DAY_S, "Time between two full trainings, one pass over the clicks since the last.",
        unit="s", ge=600, le=30 * DAY_S,
    )  # fmt: skip
    full_at: Duration = knob(
        HOUR_S, "How long after multiples of `full_every` a full training starts.", unit="s", ge=0,
        le=30 * DAY_S,
    )  # fmt: skip
    full_delay: Duration = knob(
        2 * HOUR_S, "Time from there until its result serves.", unit="s", ge=0, le=30 * DAY_S
    )
    incremental_every: Duration = knob(
        1_800,
        "Time between two incremental trainings, which touch ID vectors alone; 0 for none.",
        unit="s",
        ge=0,
        le=DAY_S,
    )
    incremental_delay: Duration = knob(
        300, "Time until the result of one serves.", unit="s", ge=0, le=DAY_S
    )
    batch_size: int = knob(128, "Clicks a step.", unit="clicks", ge=2, le=16_384)
    epochs: int = knob(1, "Passes of a full training over its clicks.", ge=1, le=100)
    learning_rate: float = knob(0.02, "Step size of Adagrad for the towers.", ge=1e-6, le=10)
    id_learning_rate: float = knob(
        0.05, "Step size of Adagrad for ID vectors.", ge=1e-6, le=10, tunable=True
    )
    min_clicks: int = knob(
        1_000, "A first full training waits for so many clicks.", unit="clicks", ge=2, le=10_000_000
    )
    sample: float = knob(1.0, "Share of clicks that are logged to learn from.", ge=0.0001, le=1)
    max_clicks: int = knob(
        200_000, "Latest clicks that are kept to learn from.", unit="clicks", ge=100, le=10_000_000
    )

    @model_validator(mode="after")
    def _in_time(self) -> TwoTowerConfig:
        if self.full_at >= self.full_every or self.full_delay >= self.full_every:
            raise ValueError("full_at and full_delay must be below full_every")
        if self.incremental_every and self.incremental_delay >= self.incremental_every:
            raise ValueError("incremental_delay must be below incremental_every")
        return self
