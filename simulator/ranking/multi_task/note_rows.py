"""Every note's part of the first layer, current with its statistics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.plugins import Arrays
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import PlatformView
from simulator.ranking.features import N_NOTE_FEATURES
from simulator.ranking.multi_task.inputs import offsets
from simulator.ranking.multi_task.layer_kernels import Weights
from simulator.ranking.multi_task.serving_kernels import write_note_rows
from simulator.ranking.statistics import NoteStatistics, StatisticsConfig

_NO_FORMS = np.zeros((0, N_NOTE_FEATURES), np.float32)


class NoteRows:
    """Statistics of notes, and the first layer's rows that follow from them.

    Args:
        config: smoothing and refresh times.
        spec: the platform.
        weights: the network that serves.

    Attributes:
        rows: float32[>= N, M + d + 1], see `write_note_rows`.
    """

    def __init__(self, config: StatisticsConfig, spec: PlatformSpec, weights: Weights) -> None:
        self._statistics = NoteStatistics(config, spec, _NO_FORMS)
        self._weights = weights
        self._is_stale = False
        self._offset_of = self._statistics.rates
        self._offset = offsets(self._offset_of)
        self.rows = np.zeros((0, weights.note.shape[1] + 1), np.float32)

    @property
    def features(self) -> NDArray[np.float32]:
        """Statistics, float32[>= N, N_NOTE_FEATURES]."""
        return self._statistics.features

    @property
    def offset(self) -> NDArray[np.float32]:
        """What networks add to, float32[N_HEADS]; see `offsets`."""
        if self._statistics.rates is not self._offset_of:
            self._offset_of = self._statistics.rates
            self._offset = offsets(self._offset_of)
        return self._offset

    @property
    def rates(self) -> NDArray[np.float64]:
        """Platform averages, float64[6]."""
        return self._statistics.rates

    def nearline(self, view: PlatformView) -> None:
        """Recompute notes that were shown or are due."""
        self._write(self._statistics.nearline(view), view)

    def extend(self, view: PlatformView) -> None:
        """Take in notes published since, and a network that serves since."""
        self._write(self._statistics.extend(view), view)

    def reweigh(self, weights: Weights) -> None:
        """Serve another network of the same shape from the next call on."""
        self._weights = weights
        self._is_stale = True

    def state_arrays(self) -> Arrays:
        """Return the statistics; rows follow from them."""
        return self._statistics.state_arrays()

    def load_state(self, arrays: Arrays, weights: Weights) -> None:
        """Take back what `state_arrays` returned."""
        self._statistics.load_state(arrays, _NO_FORMS)
        self.reweigh(weights)

    def _write(self, changed: NDArray[np.int32], view: PlatformView) -> None:
        if self.rows.shape[0] < view.notes.n:
            grown = np.zeros((self.features.shape[0], self.rows.shape[1]), np.float32)
            grown[: self.rows.shape[0]] = self.rows
            self.rows = grown
        if self._is_stale:
            changed = np.arange(view.live_start, view.notes.n, dtype=np.int32)
            self._is_stale = False
        if changed.size:
            write_note_rows(
                changed,
                self.features,
                view.notes.embedding,
                view.notes.category,
                self._weights,
                self.rows,
            )
