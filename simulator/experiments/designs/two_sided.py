"""Readers and new notes are split and meet freely; only treated pairs are treated."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import knob
from simulator.contracts.events import Arm
from simulator.experiments.designs.assignment import LearningConfig, pairs
from simulator.experiments.designs.both_sides import SHARED_LEARNER, BothSides


class TwoSidedConfig(LearningConfig):
    """Knobs of two-sided randomisation."""

    type: Literal["two_sided"] = "two_sided"
    balance: float = knob(
        0.5,
        "Balance of the market for the corrected estimators: 1 when impressions are scarce and "
        "notes wait for readers, 0 when notes are scarce.",
        ge=0,
        le=1,
    )


class TwoSided(BothSides[TwoSidedConfig]):
    """The treatment's policies act where reader and note are both treated.

    Two-sided randomisation (Johari, Li, Liskovich and Weintraub, Management Science 2022): totals
    of the four cells identify how much of a difference is competition.
    """

    Config = TwoSidedConfig
    pitfalls: ClassVar[tuple[str, ...]] = (
        SHARED_LEARNER,
        "Only a quarter of the pairs is treated at equal splits: weaker than one-sided tests.",
        "The naive estimate lies between the biases of a user-side and an author-side test.",
        (
            "Corrected estimates need the market's balance, which is set and not measured; two "
            "corrections (k = 1 and 2) have about twice the error of the naive one."
        ),
    )

    def treated(self, day: int) -> NDArray[np.bool_]:
        """Treat treated readers with treated notes."""
        return pairs((Arm.TREATMENT, Arm.TREATMENT))
