"""Readers are split; a quarter of the new notes is for each arm, the rest for both (plan 4)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import knob
from simulator.contracts.events import Arm
from simulator.contracts.random import uniform
from simulator.experiments.designs.assignment import pairs
from simulator.experiments.designs.both_sides import SHARED_LEARNER, THIN_POOL, Hiding, HidingConfig


class Plan4Config(HidingConfig):
    """Knobs of plan 4."""

    type: Literal["plan4"] = "plan4"
    both: float = knob(0.5, "Share of authors whose new notes both arms see.", ge=0.01, le=0.99)


class Plan4(Hiding[Plan4Config]):
    """Treated readers see treated and shared new notes, control readers control and shared ones.

    Plan 4 of the notes to course slides on cold-start experiments: authors are cut 25 % treated,
    50 % both, 25 % control; the difference of publishing is read from the two outer buckets. The
    pool is less thin than under plan 2.
    """

    Config = Plan4Config
    pitfalls: ClassVar[tuple[str, ...]] = (
        THIN_POOL,
        SHARED_LEARNER,
        (
            "New notes of the outer buckets compete with shared ones that the other arm's "
            "policy also serves: less interference than plan 1, more than plan 2."
        ),
        "Only the outer buckets are compared: half of the authors says nothing.",
    )

    @property
    def shared(self) -> float:
        """Share of the authors whose new notes both arms see."""
        return self.config.both

    def note_arms(
        self,
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
        is_new: NDArray[np.bool_],
    ) -> NDArray[np.uint8]:
        """Return the arms of notes; outside are old notes and those that both arms see."""
        arm = super().note_arms(note_idx, creator_reader_idx, category, is_new)
        shared = uniform(self.spec.seed, f"experiment.both.{self.config.salt}", creator_reader_idx)
        return np.where(shared < self.config.both, np.uint8(Arm.OUTSIDE), arm)

    def visible(self) -> NDArray[np.bool_]:
        """Show everybody notes of the own arm and shared ones."""
        return pairs(*((arm, arm) for arm in Arm), (None, Arm.OUTSIDE))
