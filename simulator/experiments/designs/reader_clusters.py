"""Groups of readers with like interests are split."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import Arm
from simulator.contracts.groups import Groups
from simulator.contracts.views import PlatformView
from simulator.experiments.designs.assignment import LearningConfig, pairs
from simulator.experiments.designs.grouping import ClusterConfig, GroupedDesign


class ReaderClustersConfig(ClusterConfig, LearningConfig):
    """Knobs of the split of groups of readers."""

    type: Literal["reader_clusters"] = "reader_clusters"


class ReaderClusters(GroupedDesign[ReaderClustersConfig]):
    """Readers are grouped by their profiles of categories; whole groups are treated.

    Cluster randomisation (Holtz, Lobel, Liskovich and Aral, Management Science): readers who
    compete for the same notes share an arm, so that arms share fewer notes. The difference is
    Hájek's, of group totals over group sizes, with errors of groups.
    """

    Config = ReaderClustersConfig
    sides: ClassVar[tuple[str, ...]] = ("reader",)
    pitfalls: ClassVar[tuple[str, ...]] = (
        (
            "The unit is a group: errors are as wide as a test of a few dozen units has, however "
            "many readers there are."
        ),
        (
            "Groups leak: readers of other groups see the same notes, so bias falls with the "
            "purity of groups and does not vanish."
        ),
        (
            "Channels, models and rankers learn from both arms unless `learning: separate`; then "
            "each arm learns from fewer readers."
        ),
        "Readers who join after the start are outside, and served as control.",
        "Creators are treated by all readers at once: this design says nothing about them.",
    )

    def start(self, view: PlatformView) -> bool:
        """Group the readers by what the platform knows of them."""
        readers = np.arange(view.readers.n, dtype=np.int32)
        self.group(readers, view.readers.category_profile, view.readers.n)
        return True

    def groups(self) -> Groups:
        """Return the groups of readers."""
        return self.members("reader")

    def reader_arms(self, reader_idx: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return the arms of the readers' groups."""
        return self.arms_of(reader_idx)

    def treated(self, day: int) -> NDArray[np.bool_]:
        """Treat treated readers."""
        return pairs((Arm.TREATMENT, None))
