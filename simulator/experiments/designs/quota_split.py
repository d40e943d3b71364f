"""Readers are split, and so is what is promised to each note."""

from __future__ import annotations

from typing import ClassVar, Literal

from simulator.experiments.designs.assignment import LearningConfig, UnrampedConfig
from simulator.experiments.designs.reader_split import ReaderSplit


class QuotaSplitConfig(UnrampedConfig, LearningConfig):
    """Knobs of the quota split."""

    type: Literal["quota_split"] = "quota_split"


class QuotaSplit(ReaderSplit[QuotaSplitConfig]):
    """As user-side, but each list of policies promises its share and counts its own readers.

    The budget split of ad markets (Liu, Mao and Kang, arXiv 2012.08724) for guaranteed impressions:
    thresholds of the policies are those of a platform with the arm's share of readers, and the
    counters of notes that a policy sees are those of its arm.
    """

    Config = QuotaSplitConfig
    splits_counters: ClassVar[bool] = True
    pitfalls: ClassVar[tuple[str, ...]] = (
        (
            "Small targets are rounded when they are divided: the two halves of a target of 5 "
            "are 3 and 3."
        ),
        "Statistics that rank notes are still those of both arms.",
        (
            "For policies, decayed counters and those of creators are not split; for rankers, "
            "`learning: separate` splits what they learn and counters of notes."
        ),
    )
