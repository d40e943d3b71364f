"""ID vectors for notes too young to have one of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recall.index import VectorIndex
from recall.two_tower.row_cache import RowCache
from simulator.contracts.learning import ColdIds
from simulator.contracts.random import normal
from simulator.contracts.views import PlatformView

if TYPE_CHECKING:
    from recall.two_tower.config import ColdConfig
    from recall.two_tower.id_table import IdTable


class Lenders:
    """Notes of high exposure, and who borrows from which.

    They are chosen when a fully trained model begins to serve and stay until the next does, so a
    note looks for its lenders once; what they lend follows every incremental training.

    Args:
        rows: int32[L], ascending.
        k: lenders of a note, or all when there are fewer.
        first: first note row that may borrow often.
    """

    def __init__(self, rows: NDArray[np.int32], k: int, first: int) -> None:
        self.rows = rows
        self._k = min(k, rows.shape[0])
        self._index: VectorIndex | None = None
        self._nearest = RowCache(first, self._k, np.int32)

    @classmethod
    def choose(cls, table: IdTable, config: ColdConfig, view: PlatformView) -> Lenders:
        """Take the live notes that were seen often, before the model's eyes too."""
        live = np.arange(max(view.live_start, table.first), table.end, dtype=np.int32)
        enough = config.lender_impressions * view.spec.threshold_scale
        is_lender = view.notes.impressions[live] >= enough
        is_lender &= table.clicks_of(live) >= config.lender_clicks
        return cls(live[is_lender], config.k, table.first)

    def borrowed(
        self, table: IdTable, view: PlatformView, rows: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return float32[len(rows), d], the mean ID vector of the lenders most alike by content."""
        nearest = self._nearest.get(rows, lambda fresh: self._search(view, fresh))
        out = table.own(nearest[:, 0])
        for place in range(1, self._k):
            out += table.own(nearest[:, place])
        return out / np.float32(self._k)

    def _search(self, view: PlatformView, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        content = view.notes.embedding
        if self._index is None:
            self._index = VectorIndex(view.spec.seed)
            self._index.build(content[self.rows], self.rows, view.now)
        return self._index.search(content[rows], self._k)


def cold_ids(
    how: ColdIds,
    table: IdTable,
    lenders: Lenders,
    view: PlatformView,
    rows: NDArray[np.int32],
) -> NDArray[np.float32]:
    """Return float32[len(rows), d] ID vectors for cold notes.

    Random ones have, on each axis, the mean square of the vectors of notes that are not cold.
    Where there is no lender the default stands in.

    Args:
        how: see `ColdIds`; not `own`.
        table: ID vectors of notes.
        lenders: whom to borrow from.
        view: the platform.
        rows: int32[n], the cold notes.
    """
    if how == "random":
        drawn = normal(view.spec.seed, "two_tower.random", rows[:, None], np.arange(table.dim))
        return (drawn * table.spread()).astype(np.float32)
    if how == "borrowed" and lenders.rows.size:
        return lenders.borrowed(table, view, rows)
    return np.broadcast_to(table.default[0], (rows.shape[0], table.dim))
