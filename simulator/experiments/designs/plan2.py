"""Readers and new notes are split, old notes are shared (plan 2)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import Arm
from simulator.experiments.designs.assignment import pairs
from simulator.experiments.designs.both_sides import SHARED_LEARNER, THIN_POOL, Hiding, HidingConfig


class Plan2Config(HidingConfig):
    """Knobs of plan 2."""

    type: Literal["plan2"] = "plan2"


class Plan2(Hiding[Plan2Config]):
    """Treated readers see new notes of treated authors only, control readers those of control.

    Plan 2 of course slides on cold-start experiments. New notes of the arms do not meet, but
    those of an arm compete with all old notes for its half of the readers.
    """

    Config = Plan2Config
    pitfalls: ClassVar[tuple[str, ...]] = (
        THIN_POOL,
        SHARED_LEARNER,
        (
            "Each arm has a part of the new notes and all of the old: new notes are rarer in a "
            "feed than after a launch, and each meets fewer rivals of its age."
        ),
        (
            "Levels per note are those of a thinner pool: compare arms with each other, not "
            "with the platform."
        ),
    )

    def visible(self) -> NDArray[np.bool_]:
        """Show everybody old notes, and new ones of the own arm."""
        own = pairs(*((arm, arm) for arm in Arm))
        # Old notes and those of authors outside are told apart by nothing but their age; readers in
        # the experiment would else see new notes of nobody's arm, so all outside notes are shared.
        return own | pairs((None, Arm.OUTSIDE))
