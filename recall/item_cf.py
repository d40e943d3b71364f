"""ItemCF: notes that were liked by the readers who liked what the reader liked."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recall import item_cf_kernels
from recall.lists import frozen
from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.plugins import Arrays, RecallChannel, RecallConfig
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class ItemCFConfig(RecallConfig):
    """Knobs of the ItemCF channel."""

    type: Literal["item_cf"] = "item_cf"
    k: int = knob(100, "Most candidates for a request.", unit="notes", ge=1, le=1_000)
    n_last: int = knob(
        10, "How many of the reader's last interacted notes have a say.", unit="notes", ge=1, le=50
    )
    n_neighbours: int = knob(
        20, "Neighbours kept for each note.", unit="notes", ge=1, le=200, tunable=True
    )
    min_common: int = knob(
        2, "Two notes with fewer common readers are no neighbours.", unit="readers", ge=1, le=1_000
    )
    min_age: Duration = knob(
        0,
        "Notes below this age take no part; a batch job of yesterday's data knows no younger.",
        unit="s",
        ge=0,
        le=30 * 86_400,
    )
    refresh_every: Duration = knob(
        "1d", "Time between rebuilds of the neighbours.", unit="s", ge=60, le=30 * 86_400
    )


class ItemCF(RecallChannel[ItemCFConfig]):
    """Sum over the reader's last notes of cosine |A ∩ B| / sqrt(|A| |B|) of the notes' readers.

    Sarwar, Karypis, Konstan and Riedl, WWW 2001. The readers of a note are those who have it among
    their recent interactions. A note has neighbours once several readers share it with another
    note, at the next rebuild: new notes are never found.
    """

    Config = ItemCFConfig

    @property
    def refresh_period_s(self) -> int:
        """Seconds between rebuilds of the neighbours."""
        return self.config.refresh_every

    def setup(self, spec: PlatformSpec) -> None:
        """Start without neighbours."""
        super().setup(spec)
        self._first_row = 0
        self._neighbours = np.empty((0, self.config.n_neighbours), np.int32)
        self._cosines = np.empty((0, self.config.n_neighbours), np.float32)

    def refresh(self, view: PlatformView) -> None:
        """Compare all live notes by their readers."""
        from scipy.sparse import csc_array  # imported late: it costs start-up time

        last = max(view.live_start, view.first_younger_than(self.config.min_age))
        recent = view.readers.recent
        readers, places = np.nonzero((recent >= view.live_start) & (recent < last))
        notes = recent[readers, places] - view.live_start
        shape = (view.readers.n, view.notes.n - view.live_start)
        pairs = csc_array((np.ones(notes.size, np.int8), (readers, notes)), shape=shape)
        pairs.sum_duplicates()
        by_reader = pairs.tocsr()
        self._first_row = view.live_start
        found, self._cosines = item_cf_kernels.neighbours(
            pairs.indptr, pairs.indices, by_reader.indptr, by_reader.indices,
            self.config.min_common, self.config.n_neighbours,
        )  # fmt: skip
        self._neighbours = np.where(found >= 0, found + view.live_start, -1).astype(np.int32)

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the notes of largest summed cosine to each reader's last notes."""
        return np.asarray(
            item_cf_kernels.recommend(
                view.readers.recent, frozen(requests.reader_idx), self.config.n_last,
                self._first_row, self._neighbours, self._cosines, self.config.k,
            )
        )  # fmt: skip

    def state_arrays(self) -> Arrays:
        """Return the neighbours as they were last found."""
        return {
            "first_row": np.array([self._first_row]),
            "neighbours": self._neighbours,
            "cosines": self._cosines,
        }

    def load_state(self, arrays: Arrays) -> None:
        """Take the neighbours back."""
        self._first_row = int(arrays["first_row"][0])
        self._neighbours = np.array(arrays["neighbours"], np.int32)
        self._cosines = np.array(arrays["cosines"], np.float32)
