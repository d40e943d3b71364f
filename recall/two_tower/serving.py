"""Vectors of readers and notes from trained weights, each summed in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recall.two_tower.features import note_features, reader_features
from recall.two_tower.weights import Weights
from simulator.contracts.learning import ColdIds
from simulator.contracts.random import normal
from simulator.contracts.views import PlatformView
from simulator.learning.dense_kernels import dense, unit_rows

if TYPE_CHECKING:
    from recall.two_tower.config import ColdConfig

_BLOCK = 512


@dataclass(slots=True)
class Serving:
    """Towers in the form that kernels read.

    Attributes:
        weights: what was learned.
        cold: when a note is cold, and whom it borrows from.
        lenders: int32[L], notes to borrow from, as they were when the weights were published.
    """

    weights: Weights
    cold: ColdConfig
    lenders: NDArray[np.int32]
    _borrowed: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 1), np.float32))
    _known: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    def reader_vectors(
        self, view: PlatformView, reader_idx: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return float32[B, d]; a reader without a click so far has the shared ID vector."""
        table = self.weights.ids["reader"]
        ids = table.own(reader_idx)
        ids[table.clicks_of(reader_idx) == 0] = table.default[0]
        return self._through("reader", ids, reader_features(view, reader_idx))

    def note_vectors(
        self, view: PlatformView, rows: NDArray[np.int32], cold: ColdIds
    ) -> NDArray[np.float32]:
        """Return float32[n, d]; cold notes have the ID vectors that `cold` says."""
        table = self.weights.ids["note"]
        ids = table.own(rows)
        if cold != "own":
            is_cold = table.clicks_of(rows) < self.cold.own_clicks
            ids[is_cold] = self._cold_ids(view, rows[is_cold], cold)
        return self._through("note", ids, note_features(view, rows))

    def _cold_ids(
        self, view: PlatformView, rows: NDArray[np.int32], cold: ColdIds
    ) -> NDArray[np.float32]:
        table = self.weights.ids["note"]
        if cold == "random":
            spread = float(np.std(table.vectors)) if table.vectors.size else 1.0
            key = (view.spec.seed, "two_tower.random")
            drawn = normal(*key, rows[:, None], np.arange(table.dim)[None]) * spread
            return drawn.astype(np.float32)
        if cold == "borrowed" and self.lenders.size >= self.cold.k:
            return self._borrowed_ids(view, rows)
        return np.broadcast_to(table.default[0], (rows.shape[0], table.dim))

    def _borrowed_ids(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return mean ID vectors of the lenders most alike; computed once for each note."""
        n = view.notes.n
        if self._known.shape[0] < n:
            grown = np.zeros((2 * n, self.weights.ids["note"].dim), np.float32)
            known = np.zeros(2 * n, np.bool_)
            grown[: self._known.shape[0]], known[: self._known.shape[0]] = (
                self._borrowed, self._known,
            )  # fmt: skip
            self._borrowed, self._known = grown, known
        fresh = rows[~self._known[rows]]
        if fresh.size:
            content, own = view.notes.embedding, self.weights.ids["note"].own(self.lenders)
            self._borrowed[fresh] = _mean_of_nearest(
                content[fresh], content[self.lenders], own, self.cold.k
            )
            self._known[fresh] = True
        return self._borrowed[rows]

    def _through(
        self, side: str, ids: NDArray[np.float32], x: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        nets: dict[str, NDArray[np.float32]] = self.weights.nets
        rows = np.concatenate([ids, x], axis=1)
        hidden = np.empty((rows.shape[0], nets[f"{side}.0.bias"].shape[0]), np.float32)
        out = np.empty((rows.shape[0], nets[f"{side}.2.bias"].shape[0]), np.float32)
        first, last = (np.ascontiguousarray(nets[f"{side}.{i}.weight"].T) for i in (0, 2))
        dense(rows, first, nets[f"{side}.0.bias"], True, hidden)
        dense(hidden, last, nets[f"{side}.2.bias"], False, out)
        unit_rows(out)
        return out


def lenders(weights: Weights, cold: ColdConfig, view: PlatformView) -> NDArray[np.int32]:
    """Return the live notes that were seen often and have an ID vector of their own."""
    table = weights.ids["note"]
    live = np.arange(max(view.live_start, table.first), table.end, dtype=np.int32)
    enough = cold.lender_impressions * view.spec.threshold_scale
    is_lender = view.notes.impressions[live] >= enough
    return live[is_lender & (table.clicks_of(live) >= cold.own_clicks)]


def _mean_of_nearest(
    content: NDArray[np.float32],
    lender_content: NDArray[np.float32],
    lender_ids: NDArray[np.float32],
    k: int,
) -> NDArray[np.float32]:
    """Return float32[n, d]: for each note the mean ID vector of the k lenders most alike."""
    out = np.empty((content.shape[0], lender_ids.shape[1]), np.float32)
    for start in range(0, content.shape[0], _BLOCK):
        block = slice(start, start + _BLOCK)
        likeness = content[block] @ lender_content.T
        nearest = np.argpartition(-likeness, k - 1, axis=1)[:, :k]
        out[block] = lender_ids[np.sort(nearest, axis=1)].mean(axis=1)
    return out
