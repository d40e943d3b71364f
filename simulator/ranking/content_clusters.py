"""Content clusters of notes, for rules that keep notes of one cluster apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S
from simulator.contracts.random import hashed
from simulator.contracts.views import PlatformView
from simulator.ranking.cluster_kernels import nearest_centroid

_SAMPLE_PER_CLUSTER = 64
_PASSES = 6


class ContentClusters:
    """Nearest of K centroids of the live notes' embeddings, fitted anew for each day.

    Spherical k-means (Dhillon and Modha, Machine Learning, 2001), a few passes over a keyed sample
    of at most 64 notes a cluster, published before the day began. So a note's cluster is a
    function of seed, day and notes: it does not depend on when it is asked for, and a checkpoint
    need not hold it. On a day that begins without notes there are no clusters.

    Args:
        n_clusters: most clusters; never more than notes in the sample.
        seed: replication seed.
    """

    def __init__(self, n_clusters: int, seed: int) -> None:
        self._n_clusters, self._seed = n_clusters, seed
        self._day = -1
        self._n_labelled = 0
        self._centroids = np.empty((0, 0), np.float32)
        self._labels = _frozen(np.empty(0, np.int32))

    def labels(self, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[at least N], the cluster of every live note, -1 for none; read-only."""
        day = int(view.now // DAY_S)
        if day != self._day:
            self._day = day
            start, stop = self._before(view, day)
            self._centroids = self._fit(view.notes.embedding, start, stop)
            self._n_labelled = start
            self._labels = _frozen(np.full(2 * view.notes.n, -1, np.int32))
        if self._n_labelled < view.notes.n:
            self._extend(view.notes.embedding)
        return self._labels

    def _before(self, view: PlatformView, day: int) -> tuple[int, int]:
        """Return the rows that were live as the day began."""
        begin = float(day * DAY_S)
        ends = [begin - view.spec.max_age_s, begin]
        start, stop = np.searchsorted(view.notes.published_t, ends, side="left")
        return int(start), int(stop)

    def _fit(self, embedding: NDArray[np.float32], start: int, stop: int) -> NDArray[np.float32]:
        """Return float32[D, K] unit centroids as columns."""
        rows = np.arange(start, stop, dtype=np.int32)
        order = np.argsort(hashed(self._seed, "rerank.clusters", rows), kind="stable")
        sample = embedding[rows[order[: _SAMPLE_PER_CLUSTER * self._n_clusters]]]
        centroids = sample[: self._n_clusters].T.copy()
        label = np.empty(sample.shape[0], np.int32)
        for _ in range(_PASSES if rows.size else 0):
            sums = np.zeros(centroids.shape[::-1], np.float32)
            nearest_centroid(sample, centroids, label)
            np.add.at(sums, label, sample)
            length = np.sqrt(np.square(sums).sum(axis=1))
            held = length > 0
            centroids[:, held] = (sums[held] / length[held, None]).T
        return centroids

    def _extend(self, embedding: NDArray[np.float32]) -> None:
        n = embedding.shape[0]
        labels = np.full(max(n, self._labels.shape[0]), -1, np.int32)
        labels[: self._n_labelled] = self._labels[: self._n_labelled]
        if self._centroids.shape[1]:
            fresh = slice(self._n_labelled, n)
            nearest_centroid(embedding[fresh], self._centroids, labels[fresh])
        self._n_labelled, self._labels = n, _frozen(labels)


def _frozen(array: NDArray[np.int32]) -> NDArray[np.int32]:
    array.flags.writeable = False
    return array
