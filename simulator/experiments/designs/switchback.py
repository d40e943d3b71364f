"""Days are split: the whole platform is treated on some of them."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import knob
from simulator.contracts.events import N_ARMS
from simulator.contracts.random import uniform
from simulator.experiments.designs.assignment import HashedDesign, UnrampedConfig


class SwitchbackConfig(UnrampedConfig):
    """Knobs of the switchback."""

    type: Literal["switchback"] = "switchback"
    period_days: int = knob(1, "Days of one period.", unit="days", ge=1, le=90)
    washout_days: int = knob(
        0, "Days at the start of a period that are not read.", unit="days", ge=0, le=89
    )


class Switchback(HashedDesign[SwitchbackConfig]):
    """Periods come in pairs, one of each treated, in an order that is drawn.

    Bojinov, Simchi-Levi and Zhao (Management Science 2023). What one period leaves to the next
    biases the difference; longer periods with washout leave less, and are fewer.
    """

    Config = SwitchbackConfig
    sides: ClassVar[tuple[str, ...]] = ("day",)
    pitfalls: ClassVar[tuple[str, ...]] = (
        (
            "What a period leaves to the next (statistics, creators' mood, promises) pulls the "
            "difference towards zero or beyond."
        ),
        "The unit is a period: a test of days has as many observations as days.",
    )

    def is_treated(self, day: int) -> bool:
        """Return whether a measured day is treated."""
        period = day // self.config.period_days
        salt = self.config.salt
        first = uniform(self.spec.seed, f"experiment.switch.{salt}", np.array([period // 2]))[0]
        return bool((first < 0.5) == (period % 2 == 0))

    def is_read(self, day: int) -> bool:
        """Return whether a measured day is past the washout of its period."""
        return day % self.config.period_days >= self.config.washout_days

    def treated(self, day: int) -> NDArray[np.bool_]:
        """Treat everybody, or nobody."""
        return np.full((N_ARMS, N_ARMS), self.is_treated(day), np.bool_)
