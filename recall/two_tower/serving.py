"""Vectors of readers and notes from trained weights, each summed in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from recall.two_tower.cold_ids import Lenders, cold_ids
from recall.two_tower.features import note_features, reader_inputs
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
        note_caches: vectors of notes by whose ID vector they have.
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
        first = weights.ids["note"].first
        self.note_caches: dict[ColdIds, RowCache[np.float32]] = {
            how: RowCache(first, config.dim, np.float32) for how in get_args(ColdIds)
        }
        if before is not None:
            self._take_over(before)

    def reader_vectors(
        self, view: PlatformView, reader_idx: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return float32[B, d]; a reader without a click so far has the shared ID vector."""
        rows = reader_inputs(view, reader_idx, self.weights.ids["reader"])
        return self._through("reader", rows)

    def note_vectors(
        self, view: PlatformView, rows: NDArray[np.int32], cold: ColdIds
    ) -> NDArray[np.float32]:
        """Return float32[n, d]; cold notes have the ID vectors that `cold` says."""
        if cold == "own":
            return self._cached(view, rows, "own")
        clicks = self.weights.ids["note"].clicks_of(rows)
        is_cold = clicks < self._config.cold.own_clicks
        out = np.empty((rows.shape[0], self._config.dim), np.float32)
        out[~is_cold] = self._cached(view, rows[~is_cold], "own")
        out[is_cold] = self._cached(view, rows[is_cold], cold)
        return out

    def _cached(
        self, view: PlatformView, rows: NDArray[np.int32], how: ColdIds
    ) -> NDArray[np.float32]:
        table = self.weights.ids["note"]

        def compute(fresh: NDArray[np.int32]) -> NDArray[np.float32]:
            ids = (
                table.own(fresh)
                if how == "own"
                else cold_ids(how, table, self.lenders, view, fresh)
            )
            return self._of_notes(view, fresh, ids)

        return self.note_caches[how].get(rows, compute)

    def _take_over(self, before: Serving) -> None:
        """Keep the note vectors that an incremental training has left as they were."""
        table, old = self.weights.ids["note"], before.weights.ids["note"]
        self.note_caches["default"] = before.note_caches["default"]
        own = self.note_caches["own"] = before.note_caches["own"]
        rows = own.known()
        has_changed = (table.own(rows) != old.own(rows)).any(axis=1)
        own.forget(rows[has_changed | (rows < table.first)])

    def _of_notes(
        self, view: PlatformView, rows: NDArray[np.int32], ids: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        x = note_features(view, rows, with_content=self._config.note_content)
        return self._through("note", np.concatenate([ids, x], axis=1))

    def _through(self, side: str, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        first, last = self._layers[side]
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
