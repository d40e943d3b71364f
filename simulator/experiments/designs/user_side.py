"""Readers are split; all of them share every note."""

from __future__ import annotations

from typing import ClassVar, Literal

from simulator.experiments.designs.assignment import LearningConfig
from simulator.experiments.designs.reader_split import ReaderSplit


class UserSideConfig(LearningConfig):
    """Knobs of the user-side split."""

    type: Literal["user_side"] = "user_side"


class UserSide(ReaderSplit[UserSideConfig]):
    """Treated readers are served under the treatment's policies, whatever the note.

    The ordinary test of a platform. It reads what readers do, and nothing about creators.
    """

    Config = UserSideConfig
    pitfalls: ClassVar[tuple[str, ...]] = (
        (
            "Both arms share every note: what treated readers give a note, control readers see "
            "as its statistics."
        ),
        (
            "A promise of impressions to a note is filled by the treated readers alone, so they "
            "carry about 1 / share of what they would carry after a launch."
        ),
        (
            "Channels, models and rankers learn from both arms, which pulls arms together; with "
            "`learning: separate` each learns from its own readers, which are fewer."
        ),
        "Creators are treated by all readers at once: this design says nothing about them.",
    )
