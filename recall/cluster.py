"""Content clusters: the newest notes of the clusters of a reader's recent notes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recall.index import POINTS_PER_CENTROID, nearest_centroid, train_centroids
from recall.lists import build_lists, read_lists, seed_lists
from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.plugins import Arrays, RecallChannel, RecallConfig
from simulator.contracts.random import stream_key
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class ClusterConfig(RecallConfig):
    """Knobs of the cluster channel."""

    type: Literal["cluster"] = "cluster"
    k: int = knob(60, "Most candidates for a request.", unit="notes", ge=1, le=1_000)
    n_clusters: int = knob(
        64,
        "Clusters of content embeddings; fewer while there are under 39 live notes for each.",
        unit="clusters",
        ge=1,
        le=65_536,
    )
    n_last: int = knob(
        10, "How many of the reader's last interacted notes are seeds.", unit="notes", ge=1, le=50
    )
    per_cluster: int = knob(
        20, "Length of each newest-first list.", unit="notes", ge=1, le=1_000, tunable=True
    )
    max_similarity: float = knob(
        0.98,
        "Notes whose cosine with a seed of the same cluster is above this are near duplicates and"
        " passed over; 1 passes over none.",
        ge=0,
        le=1,
    )
    refresh_every: Duration = knob(
        "5min", "Time between rebuilds of the lists.", unit="s", ge=1, le=86_400
    )
    train_every: Duration = knob(
        "1d", "Time between trainings of the cluster centres.", unit="s", ge=60, le=30 * 86_400
    )


class Cluster(RecallChannel[ClusterConfig]):
    """Seeds → their clusters → newest notes of each, near duplicates of the seeds passed over.

    Spherical k-means on content embeddings; a note joins the cluster of the nearest centre at the
    first refresh that sees it (course slides on cold start). A reader without history gets nothing.
    """

    Config = ClusterConfig

    @property
    def refresh_period_s(self) -> int:
        """Seconds between rebuilds of the lists."""
        return self.config.refresh_every

    def setup(self, spec: PlatformSpec) -> None:
        """Start without centres."""
        super().setup(spec)
        self._seed = int(stream_key(spec.seed, "recall.cluster"))
        self._centroids = np.empty((0, spec.embedding_dim), np.float32)
        self._trained_t = -np.inf
        self._labels = np.empty((0, 1), np.int32)
        self._lists = np.full((self.config.n_clusters, self.config.per_cluster), -1, np.int32)

    def refresh(self, view: PlatformView) -> None:
        """Train the centres when due, assign notes not seen before, and rebuild the lists."""
        if view.live_start == view.notes.n:
            return
        first_unseen = self._labels.shape[0]
        if self._train(view):
            first_unseen = 0
        unseen = nearest_centroid(view.notes.embedding[first_unseen:], self._centroids)
        self._labels = np.concatenate([self._labels[:first_unseen], unseen[:, None]])
        self._lists = build_lists(self._labels[view.live_start :], view, *self._lists.shape)

    def _train(self, view: PlatformView) -> bool:
        """Train when it is time, or when the data now bear twice the clusters; say whether."""
        live = view.notes.embedding[view.live_start :]
        borne = min(self.config.n_clusters, max(1, live.shape[0] // POINTS_PER_CENTROID))
        is_due = view.now - self._trained_t >= self.config.train_every
        if not is_due and borne < 2 * self._centroids.shape[0]:
            return False
        self._centroids = train_centroids(live, borne, self._seed)
        self._trained_t = view.now
        return True

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the newest notes of the clusters of each reader's seeds in turn."""
        config = self.config
        wanted = seed_lists(requests, view, self._labels, config.n_last)
        return read_lists(self._lists, wanted, config.k, requests, view, config.max_similarity)

    def state_arrays(self) -> Arrays:
        """Return centres, labels and lists as they were last built."""
        return {
            "centroids": self._centroids,
            "trained_t": np.array([self._trained_t]),
            "labels": self._labels,
            "lists": self._lists,
        }

    def load_state(self, arrays: Arrays) -> None:
        """Take centres, labels and lists back."""
        self._centroids = np.array(arrays["centroids"], np.float32)
        self._trained_t = float(arrays["trained_t"][0])
        self._labels = np.array(arrays["labels"], np.int32)
        self._lists = np.array(arrays["lists"], np.int32)
