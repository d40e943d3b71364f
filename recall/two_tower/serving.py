"""Vectors of readers and notes from trained weights, each summed in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recall.two_tower.cold_ids import Lenders, cold_ids
from recall.two_tower.features import note_features, reader_features
from recall.two_tower.row_cache import RowCache
from recall.two_tower.weights import Weights
from simulator.contracts.learning import ColdIds
from simulator.contracts.views import PlatformView
from simulator.learning.dense_kernels import dense, unit_rows

if TYPE_CHECKING:
    from recall.two_tower.config import TwoTowerConfig

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


class Serving:
    """Towers in the form that kernels read, and the note vectors computed so far.

    Args:
        weights: what was learned; must not change any more.
        config: knobs of the model.
        lenders: whom cold notes borrow from.
        before: what served until now, when only ID vectors differ from it.

    Attributes:
        weights, lenders: as given.
        own_vectors: vectors of notes by their own ID vectors.
    """

    def __init__(
        self,
        weights: Weights,
        config: TwoTowerConfig,
        lenders: Lenders,
        before: Serving | None = None,
    ) -> None:
        self.weights = weights
        self.lenders = lenders
        self._config = config
        self._layers = {side: _layers(weights, side) for side in weights.ids}
        table = weights.ids["note"]
        self.own_vectors = RowCache(table.first, config.dim, np.float32)
        if before is not None:
            self.own_vectors = before.own_vectors
            rows = self.own_vectors.known()
            has_changed = (table.own(rows) != before.weights.ids["note"].own(rows)).any(axis=1)
            self.own_vectors.forget(rows[has_changed | (rows < table.first)])

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
        if cold == "own":
            return self._own_vectors(view, rows)
        is_cold = table.clicks_of(rows) < self._config.cold.own_clicks
        out = np.empty((rows.shape[0], self._config.dim), np.float32)
        out[~is_cold] = self._own_vectors(view, rows[~is_cold])
        strangers = rows[is_cold]
        ids = cold_ids(cold, table, self.lenders, view, strangers)
        out[is_cold] = self._of_notes(view, strangers, ids)
        return out

    def _own_vectors(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return vectors by the notes' own ID vectors; each is computed once."""
        table = self.weights.ids["note"]
        return self.own_vectors.get(
            rows, lambda fresh: self._of_notes(view, fresh, table.own(fresh))
        )

    def _of_notes(
        self, view: PlatformView, rows: NDArray[np.int32], ids: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        x = note_features(view, rows, with_content=self._config.note_content)
        return self._through("note", ids, x)

    def _through(
        self, side: str, ids: NDArray[np.float32], x: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        first, last = self._layers[side]
        rows = np.concatenate([ids, x], axis=1)
        hidden = np.empty((rows.shape[0], first[1].shape[0]), np.float32)
        out = np.empty((rows.shape[0], last[1].shape[0]), np.float32)
        dense(rows, *first, True, hidden)
        dense(hidden, *last, False, out)
        unit_rows(out)
        return out


def _layers(weights: Weights, side: str) -> tuple[Layer, Layer]:
    """Return the two layers of a tower, weights as `dense` reads them."""
    first, last = (
        (
            np.ascontiguousarray(weights.nets[f"{side}.{i}.weight"].T),
            weights.nets[f"{side}.{i}.bias"],
        )
        for i in (0, 2)
    )
    return first, last
