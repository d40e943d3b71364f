"""Notes are split; each stands where its own arm's policies would put it."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import knob
from simulator.contracts.events import Arm
from simulator.contracts.merging import Merging
from simulator.experiments.designs.assignment import HashedDesign, UnrampedConfig, pairs


class InterleavingConfig(UnrampedConfig):
    """Knobs of counterfactual interleaving."""

    type: Literal["interleaving"] = "interleaving"
    unit: Literal["creator", "note"] = knob(
        "creator", "What is randomised: creators with all their notes, or single notes."
    )
    rule: Literal["consistent", "equal_probability"] = knob(
        "consistent",
        "Who goes first where a control and a treated note claim one slot: by the rule that keeps "
        "the expected place for a given own rank equal in both arms, or either equally often, "
        "which is biased.",
    )


class Interleaving(HashedDesign[InterleavingConfig]):
    """Every request is ranked under both lists of policies, and the two rankings are merged.

    Consistent counterfactual interleaving (Wang and Ba, arXiv 2310.16294): a note stands where it
    would stand were everybody treated as its arm is, so that treated notes do not profit from
    control ones being passed over. With `equal_probability` it is UniCoRn (Nandy et al., arXiv
    2106.00762). Old notes are split too, because they lose what new notes gain.
    """

    Config = InterleavingConfig
    sides: ClassVar[tuple[str, ...]] = ("note",)
    pitfalls: ClassVar[tuple[str, ...]] = (
        (
            "It reads changes of order alone. What a launch does to readers, and through them to "
            "notes, is not seen: both arms have the same readers."
        ),
        (
            "Slots that two notes claim are shared out: each note stands within about one slot of "
            "its own, and rules of slates hold only roughly."
        ),
        (
            "Statistics of notes, and what learns from them, are those of the merged feed: what "
            "a boost brings later (more clicks, so better ranks) is not that of a launch."
        ),
        "Slots for insertion are ordinary slots in this test; promises are counted as merged.",
        "Ranking costs twice.",
    )

    @property
    def merging(self) -> Merging:
        """How rankings are merged; what is outside of the test is ranked as control."""
        config = self.config
        treated = config.share * (config.buckets[1] - config.buckets[0])
        rule: Literal["consistent", "equal"] = (
            "consistent" if config.rule == "consistent" else "equal"
        )
        return Merging(1.0 - treated, rule)

    def note_arms(
        self,
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
        is_new: NDArray[np.bool_],
    ) -> NDArray[np.uint8]:
        """Return the arms of notes, whatever their age."""
        by_creator = self.config.unit == "creator"
        return self.arms(self.config.unit, creator_reader_idx if by_creator else note_idx)

    def treated(self, day: int) -> NDArray[np.bool_]:
        """Treat treated notes."""
        return pairs((None, Arm.TREATMENT))
