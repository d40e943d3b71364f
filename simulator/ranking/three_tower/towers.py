"""Three towers that serve: weights as arrays, cached note vectors, scores."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Candidates, RequestBatch
from simulator.contracts.plugins import Arrays
from simulator.contracts.views import PlatformView
from simulator.learning.dense_kernels import dense
from simulator.ranking.features import N_NOTE_FEATURES, NOTE_FEATURES
from simulator.ranking.statistics import NoteStatistics
from simulator.ranking.three_tower.config import HeadsConfig
from simulator.ranking.three_tower.examples import HEADS, N_ACTIVITY
from simulator.ranking.three_tower.network import Sizes, note_inputs
from simulator.ranking.three_tower.tower_kernels import find_misses, reader_inputs, score_towers

_PRIOR_READER_IMPRESSIONS = 50.0
_BLOCK = 4_096
_COUNTED = ("lookups", "lookups_new", "misses", "misses_new")


class NoteCache:
    """Vectors of the note tower; a note is computed when a request asks for it first.

    The features that the tower reads never change after publication, so a vector is right until
    the tower itself changes; then all vectors are computed again before the new tower serves.

    Args:
        sizes: widths of the network.
    """

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._missing = np.empty(0, np.int32)
        self._counts = np.zeros(len(_COUNTED), np.int64)
        self._seconds = 0.0
        self._renewed = 0
        self._is_cached = np.zeros(0, np.uint8)
        self.vectors = np.zeros((0, sizes.embedding_dim), np.float32)

    def take(self, weights: Arrays) -> None:
        """Take the weights of a note tower, before any vector is computed."""
        self._creators = weights["creators.weight"]
        self._layers = layers_of(weights, "note")

    def renew(self, weights: Arrays, view: PlatformView) -> None:
        """Take the weights of another note tower and compute the vectors of live notes again."""
        self.take(weights)
        self._is_cached[: view.live_start] = 0
        rows = np.flatnonzero(self._is_cached).astype(np.int32)
        for start in range(0, rows.shape[0], _BLOCK):
            self._compute(rows[start : start + _BLOCK], view)
        self._renewed += rows.shape[0]

    def look_up(self, candidates: Candidates, view: PlatformView) -> None:
        """Compute the vectors of candidates that are not there yet."""
        self._reserve(view.notes.n)
        n_missing = find_misses(
            candidates.note_idx,
            candidates.n,
            view.new_start,
            self._is_cached,
            self._missing,
            self._counts,
        )
        if n_missing:
            begin = time.perf_counter()
            self._compute(self._missing[:n_missing], view)
            self._seconds += time.perf_counter() - begin

    def facts(self) -> dict[str, float]:
        """Return look-ups and misses, of all notes and of new ones, and seconds spent on misses."""
        counted: dict[str, float] = dict(zip(_COUNTED, self._counts.tolist(), strict=True))
        counted |= {"renewed": self._renewed, "misses_s": self._seconds}
        return {f"note_tower_{name}": value for name, value in counted.items()}

    def state_arrays(self) -> Arrays:
        """Return the cached vectors and the counts."""
        rows = np.flatnonzero(self._is_cached)
        return {
            "cached": rows.astype(np.int32),
            "cached_vectors": self.vectors[rows],
            "counts": np.array([*self._counts, self._renewed]),
            "seconds": np.array([self._seconds]),
        }

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        rows = np.asarray(arrays["cached"], np.int32)
        self._reserve(int(rows[-1]) + 1 if rows.size else 0)
        self._is_cached[:] = 0
        self._is_cached[rows] = 1
        self.vectors[rows] = arrays["cached_vectors"]
        self._counts = np.array(arrays["counts"][:-1], np.int64)
        self._renewed = int(arrays["counts"].tolist()[-1])
        self._seconds = float(np.asarray(arrays["seconds"], np.float64)[0])

    def _compute(self, rows: NDArray[np.int32], view: PlatformView) -> None:
        inputs, creator = note_inputs(view, rows, self._creators.shape[0])
        x = np.concatenate([inputs, self._creators[creator]], axis=1)
        self.vectors[rows] = view.notes.embedding[rows] + forward(x, self._layers)

    def _reserve(self, n: int) -> None:
        held = self._is_cached.shape[0]
        if n <= held:
            return
        capacity = max(n, 2 * held, 1_024)
        for name in ("vectors", "_is_cached", "_missing"):
            old = getattr(self, name)
            grown = np.zeros((capacity, *old.shape[1:]), old.dtype)
            grown[:held] = old
            setattr(self, name, grown)


class Towers:
    """The towers that serve.

    Args:
        sizes: widths of the network.
        fusion: weights of the heads.
    """

    def __init__(self, sizes: Sizes, fusion: HeadsConfig) -> None:
        self.cache = NoteCache(sizes)
        wanted = [1.0] + [float(getattr(fusion, name)) for name in HEADS[1:]]
        self._heads = [h for h, weight in enumerate(wanted) if weight > 0]
        self._fusion = np.array(wanted, np.float32)[self._heads]
        self._n_cross, self._n_upper = sizes.config.cross, sizes.config.upper

    def take(self, weights: Arrays) -> None:
        """Take weights by torch's names; those of the note tower belong to `cache`."""
        self._reader = layers_of(weights, "reader")
        self._pair = weights["pair.weight"].T.astype(np.float32, order="C")
        self._product = weights["product.weight"].astype(np.float32)
        self._cross = weights["cross.weight"].astype(np.float32)
        self._upper_bias = weights["cross.bias"].astype(np.float32)
        self._head_weights = weights["heads.weight"][self._heads].astype(np.float32)
        self._head_bias = weights["heads.bias"][self._heads].astype(np.float32)

    def inputs(
        self, requests: RequestBatch, view: PlatformView, rate: float
    ) -> NDArray[np.float32]:
        """Return float32[B, D + C + 3], what the reader tower reads; `rate` is clicks a view."""
        readers = view.readers
        width = readers.vector.shape[1] + readers.category_profile.shape[1] + N_ACTIVITY
        out = np.empty((requests.n, width), np.float32)
        reader_inputs(
            requests.reader_idx,
            requests.request_no,
            readers.vector,
            readers.category_profile,
            readers.totals,
            rate,
            _PRIOR_READER_IMPRESSIONS,
            out,
        )
        return out

    def score(
        self,
        requests: RequestBatch,
        candidates: Candidates,
        view: PlatformView,
        statistics: NoteStatistics,
        evidence: tuple[float, float],
    ) -> NDArray[np.float32]:
        """Return float32[B, K], positive, 0 where padded.

        Args:
            requests: the requests.
            candidates: their candidates.
            view: the platform.
            statistics: keeps the forms of `statistics_weights`.
            evidence: what is usual, and the weight of what is missing to it.
        """
        self.cache.look_up(candidates, view)
        inputs = self.inputs(requests, view, float(statistics.rates[0]))
        reader = forward(inputs, self._reader)
        reader[:, : view.spec.embedding_dim] += view.readers.vector[requests.reader_idx]
        out = np.empty(candidates.note_idx.shape, np.float32)
        score_towers(
            candidates.note_idx,
            candidates.n,
            requests.reader_idx,
            reader,
            self.cache.vectors,
            statistics.forms,
            view.notes.category,
            view.readers.category_profile,
            inputs,
            self._pair,
            self._product,
            self._cross,
            self._upper_bias,
            self._head_weights,
            self._head_bias,
            self._fusion,
            *evidence,
            out,
        )
        return out


def statistics_weights(weights: Arrays) -> NDArray[np.float32]:
    """Return float32[Q + 2, F]: what statistics add to the cross tower, and log impressions."""
    own = weights["statistics.weight"].astype(np.float32)
    passed_on = np.zeros((1, N_NOTE_FEATURES), np.float32)
    passed_on[0, NOTE_FEATURES.index("impressions")] = 1.0
    return np.concatenate([own, passed_on])


Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


def layers_of(weights: Arrays, tower: str) -> tuple[Layer, Layer]:
    """Return the two layers of a tower, weights as `dense` reads them."""
    first, last = (
        (
            weights[f"{tower}.{i}.weight"].T.astype(np.float32, order="C"),
            weights[f"{tower}.{i}.bias"].astype(np.float32),
        )
        for i in (0, 2)
    )
    return first, last


def forward(x: NDArray[np.float32], layers: tuple[Layer, Layer]) -> NDArray[np.float32]:
    """Return the outputs of a tower, each row on its own."""
    (w0, b0), (w1, b1) = layers
    hidden = np.empty((x.shape[0], b0.shape[0]), np.float32)
    out = np.empty((x.shape[0], b1.shape[0]), np.float32)
    dense(x, w0, b0, True, hidden)
    dense(hidden, w1, b1, False, out)
    return out
