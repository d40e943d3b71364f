"""New notes are split by their authors; all readers see them (plan 1)."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import knob
from simulator.contracts.events import Arm
from simulator.experiments.designs.assignment import DesignConfig, HashedDesign, pairs


class AuthorSideConfig(DesignConfig):
    """Knobs of the author-side split."""

    type: Literal["author_side"] = "author_side"
    unit: Literal["creator", "note", "category"] = knob(
        "creator",
        "What is randomised: creators with all their notes, single notes, or whole categories, "
        "which are clusters of notes that compete for the same readers.",
    )


class AuthorSide(HashedDesign[AuthorSideConfig]):
    """New notes of treated authors are helped by the treatment's policies, others by control's.

    Plan 1 of course slides on cold-start experiments. Treated notes take impressions from control
    notes, so the difference overstates what a launch would bring.
    """

    Config = AuthorSideConfig
    sides: ClassVar[tuple[str, ...]] = ("note",)
    pitfalls: ClassVar[tuple[str, ...]] = (
        (
            "New notes of both arms compete for the same slots: what treated ones gain, control "
            "ones lose, and the difference counts it twice."
        ),
        "New notes compete with old ones, half of them helped; after a launch all of them are.",
        "Readers see both arms: this design says nothing about them.",
    )

    def note_arms(
        self,
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
        is_new: NDArray[np.bool_],
    ) -> NDArray[np.uint8]:
        """Return the arms of notes; those from before the start are outside."""
        arm = self.arms(self.config.unit, self._ids(note_idx, creator_reader_idx, category))
        return np.where(is_new, arm, np.uint8(Arm.OUTSIDE))

    def ramped_notes(
        self,
        day: NDArray[np.int64],
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
    ) -> NDArray[np.bool_] | None:
        """Return the notes whose unit the ramp had reached."""
        ids = self._ids(note_idx, creator_reader_idx, category)
        return self.reached(day, self.config.unit, ids)

    def _ids(self, *ids: NDArray[Any]) -> NDArray[Any]:
        """Return the ids of the unit, of those of notes, creators and categories."""
        return ids[("note", "creator", "category").index(self.config.unit)]

    def treated(self, day: int) -> NDArray[np.bool_]:
        """Treat treated notes."""
        return pairs((None, Arm.TREATMENT))
