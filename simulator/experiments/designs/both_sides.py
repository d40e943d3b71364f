"""Base of designs that split readers and authors, and show each arm its own notes."""

from __future__ import annotations

from typing import ClassVar, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import Arm
from simulator.experiments.designs.assignment import DesignConfig, HashedDesign, pairs

THIN_POOL: Final = (
    "Notes of other arms are dropped after recall, so channels find fewer candidates than in a "
    "platform whose indexes hold the notes of one arm alone: new notes get less in both arms, and "
    "effects on them come out too small."
)
"""What every design that hides notes must say."""

B = TypeVar("B", bound=DesignConfig)


class BothSides(HashedDesign[B]):
    """Readers by their id, new notes by the id of their author; outside is a world of its own."""

    sides: ClassVar[tuple[str, ...]] = ("reader", "note")

    def reader_arms(self, reader_idx: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return the arms of readers."""
        return self.arms("reader", reader_idx)

    def note_arms(
        self,
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
        is_new: NDArray[np.bool_],
    ) -> NDArray[np.uint8]:
        """Return the arms of notes; those from before the start are outside."""
        arm = self.arms("creator", creator_reader_idx)
        return np.where(is_new, arm, np.uint8(Arm.OUTSIDE))

    def treated(self, day: int) -> NDArray[np.bool_]:
        """Treat what treated readers see."""
        return pairs((Arm.TREATMENT, None))
