"""Vector search and k-means: the one home of faiss.

faiss trains centroids and assigns vectors to them; inverted lists (Sivic and Zisserman, ICCV 2003;
Johnson, Douze and Jégou, IEEE Transactions on Big Data, 2019) are scanned by the kernels of this
room. faiss keeps the best k of a query in a heap, which for the hundred candidates of a recall
channel costs several times the inner products; the kernels select by histogram. An index is plain
arrays throughout, so a checkpoint holds it as it is.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from recall import index_kernels
from recall.index_kernels import LANES
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import Arrays

POINTS_PER_CENTROID = 39
"""Fewer points than this for each centroid make k-means centroids unreliable (faiss's figure)."""

_ALONE = 2**30
_GROWTH = 1.3
_STATE = (
    "ids", "assigned", "centroids", "coarse", "blocks", "packed_ids", "first_block", "sizes",
    "trained",
)  # fmt: skip


def _faiss() -> ModuleType:
    """Return faiss, set to one thread and to computing each row of a batch on its own."""
    import faiss  # imported late: it costs start-up time of every command

    faiss.omp_set_num_threads(1)
    faiss.cvar.distance_compute_blas_threshold = _ALONE
    return faiss


def train_centroids(
    vectors: NDArray[np.float32], n_centroids: int, seed: int, n_iterations: int = 10
) -> NDArray[np.float32]:
    """Return unit-length centroids by spherical k-means (Dhillon and Modha, 2001).

    Args:
        vectors: float32[n, d], unit length, n at least `n_centroids`.
        n_centroids: how many centroids.
        seed: seed of the sample (64 points a centroid) and of the first centroids.
        n_iterations: rounds of k-means.

    Returns:
        float32[n_centroids, d].
    """
    kmeans = _faiss().Kmeans(
        vectors.shape[1],
        n_centroids,
        niter=n_iterations,
        seed=seed % 2**31,
        spherical=True,
        min_points_per_centroid=1,
        max_points_per_centroid=64,
    )
    kmeans.train(np.ascontiguousarray(vectors))
    return np.asarray(kmeans.centroids, np.float32)


def nearest_centroid(
    vectors: NDArray[np.float32], centroids: NDArray[np.float32]
) -> NDArray[np.int32]:
    """Return int32[n], the centroid of largest inner product with each vector."""
    if vectors.shape[0] == 0 or centroids.shape[0] == 1:
        return np.zeros(vectors.shape[0], np.int32)
    flat = _faiss().IndexFlatIP(centroids.shape[1])
    flat.add(np.ascontiguousarray(centroids))
    _, found = flat.search(np.ascontiguousarray(vectors), 1)
    return np.asarray(found[:, 0], np.int32)


class VectorIndex:
    """Finds the vectors of largest inner product with a query, at a bounded cost.

    Up to `2 * scan` vectors the search is exact. Beyond that vectors are kept in about `sqrt(n)`
    inverted lists, and a query looks into the nearest lists until it has compared `scan` vectors.
    Centroids are kept from build to build and trained anew once a day, when the number of vectors
    has changed by 30 %, or when vectors changed their meaning; until then a vector is assigned to
    a list once.

    Args:
        seed: seed of the training.
        scan: vectors that a query is compared with.
    """

    def __init__(self, seed: int, scan: int = 2_000) -> None:
        self._seed = seed
        self._scan = scan
        self.build(np.empty((0, 4), np.float32), np.empty(0, np.int32), now=0.0)

    @property
    def n(self) -> int:
        """Number of vectors in the index."""
        return int(self._ids.shape[0])

    @property
    def n_lists(self) -> int:
        """Number of inverted lists; 1 when the search is exact."""
        return int(self._sizes.shape[0])

    def build(
        self, vectors: NDArray[np.float32], ids: NDArray[np.int32], now: float, version: int = 0
    ) -> None:
        """Replace the content of the index.

        Args:
            vectors: float32[n, d], unit length.
            ids: int32[n], ascending.
            now: simulated time, seconds, for the daily training.
            version: a vector of the same id and version has moved little, if at all, since the
                last build, and stays in its list.
        """
        n = ids.shape[0]
        if n <= 2 * self._scan:
            self._centroids = np.zeros((1, vectors.shape[1]), np.float32)
            self._assigned = np.zeros(n, np.int32)
            self._trained = np.full(3, -1.0)
        elif self._is_stale(n, now, version):
            self._centroids = train_centroids(vectors, round(n**0.5), self._seed, n_iterations=5)
            self._assigned = nearest_centroid(vectors, self._centroids)
            self._trained = np.array([now, n, version], np.float64)
        else:
            self._assigned = self._assign_new(vectors, ids)
        self._ids = ids.astype(np.int32)
        self._lay_out(vectors)

    def search(self, queries: NDArray[np.float32], k: int) -> NDArray[np.int32]:
        """Return int32[B, k] ids, best first, -1 where there are fewer.

        Args:
            queries: float32[B, d]; a query of length 0 finds nothing.
            k: how many ids to return for each query.
        """
        out = np.full((queries.shape[0], k), -1, np.int32)
        if self.n and k:
            index_kernels.search(
                queries, self._coarse, self._blocks, self._packed_ids, self._first_block,
                self._sizes, self._n_probe(), self._scan, out,
            )  # fmt: skip
        return out

    def state_arrays(self) -> Arrays:
        """Return the index as arrays, by name."""
        return {name: getattr(self, f"_{name}") for name in _STATE}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        for name in _STATE:
            setattr(self, f"_{name}", np.array(arrays[name]))

    def _n_probe(self) -> int:
        return min(self.n_lists, 2 * self._scan * self.n_lists // self.n + 1)

    def _is_stale(self, n: int, now: float, version: int) -> bool:
        trained_t, trained_n, trained_version = self._trained
        return bool(
            trained_version != version
            or now - trained_t >= DAY_S
            or not trained_n / _GROWTH <= n <= trained_n * _GROWTH
        )

    def _assign_new(
        self, vectors: NDArray[np.float32], ids: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        at = np.minimum(np.searchsorted(self._ids, ids), self.n - 1)
        assigned = self._assigned[at]
        unknown = np.flatnonzero(self._ids[at] != ids)
        assigned[unknown] = nearest_centroid(vectors[unknown], self._centroids)
        return assigned

    def _lay_out(self, vectors: NDArray[np.float32]) -> None:
        n_lists = self._centroids.shape[0]
        self._sizes, self._first_block, self._packed_ids, self._blocks = _packed(
            vectors, self._ids, self._assigned, n_lists
        )
        lists = np.arange(n_lists if n_lists > 1 else 0, dtype=np.int32)
        *_, self._coarse = _packed(self._centroids[lists], lists, np.zeros_like(lists), 1)


def _packed(
    vectors: NDArray[np.float32], ids: NDArray[np.int32], assigned: NDArray[np.int32], n_lists: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Return sizes and first blocks of the lists, packed ids and blocks; see the kernels."""
    sizes = np.bincount(assigned, minlength=n_lists).astype(np.int32)
    first_block = np.zeros(n_lists + 1, np.int32)
    np.cumsum(-(-sizes // LANES), out=first_block[1:])
    n_blocks, dim = int(first_block[-1]), vectors.shape[1]
    packed_ids = np.full(n_blocks * LANES, -1, np.int32)
    blocks = np.zeros((n_blocks, -(-dim // 4) * 4, LANES), np.float32)
    index_kernels.pack(vectors, ids, assigned, first_block, blocks, packed_ids)
    return sizes, first_block, packed_ids, blocks
