"""Groups of units by their interests, and the draw of whole groups."""

from __future__ import annotations

from typing import Final, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.config import knob
from simulator.contracts.events import Arm
from simulator.contracts.groups import Groups
from simulator.contracts.plugins import Arrays
from simulator.contracts.random import hashed, uniform
from simulator.experiments.designs.assignment import DesignConfig, HashedDesign

_SAMPLE: Final = 20_000
_PASSES: Final = 12


class ClusterConfig(DesignConfig):
    """Knobs of designs that draw groups."""

    n_clusters: int = knob(
        30, "Groups, at most; fewer when there are fewer units.", ge=4, le=1_000, tunable=True
    )


G = TypeVar("G", bound=ClusterConfig)


class GroupedDesign(HashedDesign[G], Generic[G]):
    """Base of designs whose units are groups, made when the test begins.

    Units without a group (who came later, or showed nothing yet) are outside. The number of
    treated groups is fixed: the share of all groups, rounded, at least one and not all.
    """

    def __init__(self, config: G) -> None:
        super().__init__(config)
        self.label = np.full(0, -1, np.int32)

    def arms_of_groups(self, n: int, share: float | None = None) -> NDArray[np.uint8]:
        """Return uint8[n], arms of groups: so many treated, which ones is drawn.

        Args:
            n: groups.
            share: treated share of them; that of the test by default. Of more, the same are first.
        """
        config = self.config
        share = config.share if share is None else share
        purpose = f"experiment.arm.{config.layer}.{config.salt}.cluster"
        order = np.argsort(hashed(self.spec.seed, purpose, np.arange(n)), kind="stable")
        treated = min(max(round(share * n), 1 if share > 0 else 0), max(n - 1, 1))
        arm = np.full(n, Arm.CONTROL, np.uint8)
        arm[order[:treated]] = Arm.TREATMENT
        bucket = uniform(self.spec.seed, f"experiment.layer.{config.layer}.cluster", np.arange(n))
        inside = (config.buckets[0] <= bucket) & (bucket < config.buckets[1])
        return np.where(inside, arm, np.uint8(Arm.OUTSIDE))

    def arms_of(self, unit: NDArray[np.integer], share: float | None = None) -> NDArray[np.uint8]:
        """Return uint8[n], the arms of units by their groups; see `arms_of_groups`."""
        known = np.full(unit.shape, -1, np.int32)
        there = unit < self.label.size
        known[there] = self.label[unit[there]]
        n = int(self.label.max(initial=-1)) + 1
        arm = np.append(self.arms_of_groups(n, share), np.uint8(Arm.OUTSIDE))
        return np.asarray(arm[known])

    def reached(
        self, day: NDArray[np.int64] | int, side: str, ids: NDArray[np.integer]
    ) -> NDArray[np.bool_] | None:
        """Return bool[n], units whose group the ramp has reached; None without a ramp."""
        if not self.config.ramp:
            return None
        out = np.zeros(ids.shape, np.bool_)
        for one in np.unique(day):
            arm = self.arms_of(ids, float(self.share_on(int(one))))
            out |= (arm == Arm.TREATMENT) & (np.asarray(day) == one)
        return out

    def group(self, unit: NDArray[np.integer], features: NDArray[np.floating], n_ids: int) -> None:
        """Put units into groups of like features.

        Args:
            unit: int[n], the units.
            features: float[n, C], shares that sum to 1.
            n_ids: ids there are.
        """
        self.label = np.full(n_ids, -1, np.int32)
        self.label[unit] = clusters(np.sqrt(features), self.config.n_clusters, self.spec.seed)

    def members(self, side: Literal["reader", "creator"]) -> Groups:
        """Return all units that have a group."""
        unit = np.flatnonzero(self.label >= 0).astype(np.int32)
        return Groups(side, unit, self.label[unit], self.arms_of(unit))

    def state_arrays(self) -> Arrays:
        """Return the group of every unit."""
        return {"label": self.label}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        self.label = np.array(arrays["label"], np.int32)


def clusters(points: NDArray[np.floating], n_clusters: int, seed: int) -> NDArray[np.int32]:
    """Return int32[n], the nearest of k centroids, numbered without gaps (Lloyd's k-means).

    Square roots of shares as points make distances those of Hellinger. Centroids start at a keyed
    draw of distinct points, and are fitted on at most 20,000 units.

    Args:
        points: float[n, C].
        n_clusters: most clusters.
        seed: replication seed.
    """
    x = np.asarray(points, np.float64)
    order = np.argsort(hashed(seed, "experiment.clusters", np.arange(x.shape[0])), kind="stable")
    sample = x[order[:_SAMPLE]]
    _, first = np.unique(sample, axis=0, return_index=True)
    centroids = sample[np.sort(first)[:n_clusters]].copy()
    for _ in range(_PASSES):
        near = _nearest(sample, centroids)
        size = np.bincount(near, minlength=centroids.shape[0])
        for c in range(x.shape[1]):
            total = np.bincount(near, sample[:, c], centroids.shape[0])
            centroids[:, c] = np.where(size > 0, total / np.maximum(size, 1), centroids[:, c])
    return np.unique(_nearest(x, centroids), return_inverse=True)[1].astype(np.int32)


def _nearest(x: NDArray[np.float64], centroids: NDArray[np.float64]) -> NDArray[np.int64]:
    best, label = np.full(x.shape[0], np.inf), np.zeros(x.shape[0], np.int64)
    for k in range(centroids.shape[0]):
        distance = np.square(x - centroids[k]).sum(axis=1)
        closer = distance < best
        best[closer], label[closer] = distance[closer], k
    return label
