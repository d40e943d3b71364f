"""Groups of creators with like topics are split."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import Arm
from simulator.contracts.groups import Groups
from simulator.contracts.views import PlatformView
from simulator.experiments.designs.assignment import pairs
from simulator.experiments.designs.grouping import ClusterConfig, GroupedDesign


class CreatorClustersConfig(ClusterConfig):
    """Knobs of the split of groups of creators."""

    type: Literal["creator_clusters"] = "creator_clusters"


class CreatorClusters(GroupedDesign[CreatorClustersConfig]):
    """Creators are grouped by the categories of their notes; whole groups are treated.

    Cluster randomisation (Holtz, Lobel, Liskovich and Aral, Management Science): notes that
    compete for the same readers share an arm, so that treated notes take less from control ones
    than under plan 1. The difference is Hájek's, with errors of groups.
    """

    Config = CreatorClustersConfig
    sides: ClassVar[tuple[str, ...]] = ("note",)
    pitfalls: ClassVar[tuple[str, ...]] = (
        (
            "The unit is a group: errors are as wide as a test of a few dozen units has, however "
            "many creators there are."
        ),
        (
            "Readers of several categories still see treated notes in place of control ones: bias "
            "falls with the purity of groups and does not vanish."
        ),
        "Creators without a note before the start are outside, and helped as control.",
        "Readers see both arms: this design says nothing about them.",
    )

    def start(self, view: PlatformView) -> bool:
        """Group the creators by the categories of the notes they have published."""
        writer = view.creators.reader_idx[view.notes.creator_idx]
        n = view.readers.n
        counts = np.zeros((n, view.spec.n_categories))
        np.add.at(counts, (writer, view.notes.category), 1.0)
        known = np.flatnonzero(counts.sum(axis=1) > 0)
        shares = counts[known] / counts[known].sum(axis=1, keepdims=True)
        self.group(known, shares, n)
        return False

    def groups(self) -> Groups:
        """Return the groups of creators."""
        return self.members("creator")

    def note_arms(
        self,
        note_idx: NDArray[np.int32],
        creator_reader_idx: NDArray[np.int32],
        category: NDArray[np.int16],
        is_new: NDArray[np.bool_],
    ) -> NDArray[np.uint8]:
        """Return the arms of the authors' groups; notes from before the start are outside."""
        return np.where(is_new, self.arms_of(creator_reader_idx), np.uint8(Arm.OUTSIDE))

    def treated(self, day: int) -> NDArray[np.bool_]:
        """Treat treated notes."""
        return pairs((None, Arm.TREATMENT))
