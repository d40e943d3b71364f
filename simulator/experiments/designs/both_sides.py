"""Base of designs that split readers and authors, and show each arm its own notes."""

from __future__ import annotations

import math
from typing import ClassVar, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import knob
from simulator.contracts.events import Arm
from simulator.experiments.designs.assignment import (
    DesignConfig,
    HashedDesign,
    LearningConfig,
    pairs,
)

THIN_POOL: Final = (
    "With `pool: thin`, notes of other arms are dropped after recall, so channels find fewer "
    "candidates than in a platform whose indexes hold the notes of one arm alone: new notes get "
    "less in both arms, and effects on them come out too small. `pool: full` fetches more, and "
    "reads outcomes of notes for equal numbers of readers and notes; it holds where a feed's share "
    "of new notes does not depend on how many there are."
)
"""What every design that hides notes must say."""


SHARED_LEARNER: Final = (
    "Channels, models and rankers learn from both arms, which pulls arms together; with "
    "`learning: separate` each learns from its own readers, which are fewer."
)
"""What every design with arms of readers must say."""


class HidingConfig(LearningConfig):
    """Knobs of designs that hide notes from readers."""

    pool: Literal["thin", "full"] = knob(
        "thin",
        "`thin` drops hidden notes from what channels found; `full` lets channels find as many "
        "visible notes as they usually find, and normalises outcomes of notes.",
    )


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


H = TypeVar("H", bound=HidingConfig)


class Hiding(BothSides[H]):
    """Base of designs whose arms see their own notes; `pool` says how thick their pools are."""

    @property
    def shared(self) -> float:
        """Share of the authors whose new notes both arms see."""
        return 0.0

    @property
    def normalises(self) -> bool:
        """Whether outcomes of notes are read for equal numbers of readers and notes."""
        return self.config.pool == "full"

    def fetched(self, k: int) -> int:
        """Return finds that leave `k` visible ones for the rarer arm but once in many requests.

        Of n finds, n v are visible on average, give or take √(n v): so n v is k + 2 √k + 2.
        """
        if self.config.pool == "thin":
            return k
        config = self.config
        inside = (config.buckets[1] - config.buckets[0]) * (1.0 - self.shared)
        visible = min(config.share, 1.0 - config.share) * inside + self.shared
        return max(k, math.ceil((k + 2.0 * math.sqrt(k) + 2.0) / visible))
