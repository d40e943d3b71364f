"""ItemCF: notes that were liked by the readers who liked what the reader liked."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recall import history_kernels, item_cf_kernels
from recall.neighbours import Neighbours
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
        self._neighbours = Neighbours(self.config.n_neighbours)

    def refresh(self, view: PlatformView) -> None:
        """Compare all live notes by their readers."""
        recent = view.readers.recent
        last = max(view.live_start, view.first_younger_than(self.config.min_age))
        reader_starts, reader_notes, note_starts, note_readers = history_kernels.compress(
            recent, view.live_start, last, recent.shape[1]
        )
        found, cosines = item_cf_kernels.neighbours(
            note_starts, note_readers, reader_starts, reader_notes,
            self.config.min_common, self.config.n_neighbours,
        )  # fmt: skip
        self._neighbours.replace(view.live_start, found, cosines)

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the notes of largest summed cosine to each reader's last notes."""
        return self._neighbours.recommend(requests, view, self.config.n_last, self.config.k)

    def state_arrays(self) -> Arrays:
        """Return the neighbours as they were last found."""
        return self._neighbours.state_arrays()

    def load_state(self, arrays: Arrays) -> None:
        """Take the neighbours back."""
        self._neighbours.load_state(arrays)
