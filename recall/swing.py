"""Swing: notes that readers share with the reader's notes who share little else."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recall import history_kernels, swing_kernels
from recall.neighbours import Neighbours
from simulator.contracts.batches import RequestBatch
from simulator.contracts.config import Duration, knob
from simulator.contracts.plugins import Arrays, RecallChannel, RecallConfig
from simulator.contracts.random import stream_key
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView


class SwingConfig(RecallConfig):
    """Knobs of the Swing channel."""

    type: Literal["swing"] = "swing"
    k: int = knob(100, "Most candidates for a request.", unit="notes", ge=1, le=1_000)
    n_last: int = knob(
        10, "How many of the reader's last interacted notes have a say.", unit="notes", ge=1, le=50
    )
    n_neighbours: int = knob(
        20, "Neighbours kept for each note.", unit="notes", ge=1, le=200, tunable=True
    )
    alpha: float = knob(
        1.0,
        "Smoothing: the larger, the less it matters how much else a pair of readers shares.",
        ge=0,
        le=1_000,
        tunable=True,
    )
    min_age: Duration = knob(
        0,
        "Notes below this age take no part; a batch job of yesterday's data knows no younger.",
        unit="s",
        ge=0,
        le=30 * 86_400,
    )
    n_history: int = knob(
        20,
        "How many of a reader's last interacted notes count as the reader's.",
        unit="notes",
        ge=2,
        le=50,
    )
    max_readers: int = knob(
        30,
        "Of a note with more readers, the pairs among so many are looked at; bounds the cost of a "
        "rebuild.",
        unit="readers",
        ge=2,
        le=1_000,
    )
    refresh_every: Duration = knob(
        "1h", "Time between rebuilds of the neighbours.", unit="s", ge=60, le=30 * 86_400
    )


class Swing(RecallChannel[SwingConfig]):
    """Sum over the reader's last notes of Σ 1 / (α + |N_u ∩ N_v|) over pairs u, v with both notes.

    Two readers who share a pair of notes and hardly anything else say more about that pair than
    two who read the same throughout, a circle of friends or of one mind (Yang, Zhu, Zhang, Wang
    and Yuan, Large Scale Product Graph Construction for Recommendation in E-commerce, 2020;
    unweighted, as histories are cut to one length). N are the notes of a reader. A note needs two
    readers with another note in common before it has a neighbour: new notes hardly ever do.
    """

    Config = SwingConfig

    @property
    def refresh_period_s(self) -> int:
        """Seconds between rebuilds of the neighbours."""
        return self.config.refresh_every

    def setup(self, spec: PlatformSpec) -> None:
        """Start without neighbours."""
        super().setup(spec)
        self._key = stream_key(spec.seed, "recall.swing.readers")
        self._neighbours = Neighbours(self.config.n_neighbours)

    def refresh(self, view: PlatformView) -> None:
        """Compare all live notes by the pairs of readers that they have."""
        config = self.config
        last = view.first_younger_than(config.min_age)
        reader_starts, reader_notes, note_starts, note_readers = history_kernels.compress(
            view.readers.recent, view.live_start, last, config.n_history
        )
        found, sums = swing_kernels.neighbours(
            note_starts, note_readers, reader_starts, reader_notes,
            config.alpha, config.max_readers, config.n_neighbours, self._key,
        )  # fmt: skip
        self._neighbours.replace(view.live_start, found, sums)

    def recall(self, requests: RequestBatch, view: PlatformView) -> NDArray[np.int32]:
        """Return int32[B, k], the notes most similar in sum to each reader's last notes."""
        return self._neighbours.recommend(requests, view, self.config.n_last, self.config.k)

    def state_arrays(self) -> Arrays:
        """Return the neighbours as they were last found."""
        return self._neighbours.state_arrays()

    def load_state(self, arrays: Arrays) -> None:
        """Take the neighbours back."""
        self._neighbours.load_state(arrays)
