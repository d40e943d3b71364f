"""Readers and all notes are split into worlds of their own (plan 3)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import Arm
from simulator.experiments.designs.assignment import pairs
from simulator.experiments.designs.both_sides import SHARED_LEARNER, THIN_POOL, Hiding, HidingConfig


class Plan3Config(HidingConfig):
    """Knobs of plan 3."""

    type: Literal["plan3"] = "plan3"


class Plan3(Hiding[Plan3Config]):
    """Readers of an arm see notes of its authors only, old and new.

    Plan 3 of course slides on cold-start experiments; with a small part of the buckets it is the
    co-diverted experiment of Wang et al. (arXiv 2306.01720): a share of readers with the same
    share of the corpus. Notes compete as after a launch, in a smaller pool.
    """

    Config = Plan3Config
    pitfalls: ClassVar[tuple[str, ...]] = (
        THIN_POOL,
        SHARED_LEARNER,
        (
            "Each arm chooses from a part of the notes: both serve worse matches than the whole "
            "platform, which costs readers as long as the test runs."
        ),
        (
            "Differences are those of platforms of the size of an arm; what depends on size "
            "does not carry over."
        ),
    )

    def note_arms(
        self,
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
        is_new: NDArray[np.bool_],
    ) -> NDArray[np.uint8]:
        """Return the arms of notes, whatever their age."""
        return self.arms("creator", creator_reader_idx)

    def visible(self) -> NDArray[np.bool_]:
        """Show everybody notes of the own arm."""
        return pairs(*((arm, arm) for arm in Arm))
