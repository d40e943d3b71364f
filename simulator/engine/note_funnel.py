"""How far each new note came: counts by stage of the funnel over its cold-start window."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Feedback
from simulator.contracts.views import PlatformView
from simulator.engine.note_funnel_kernels import count_stages
from simulator.engine.request import Served
from simulator.engine.sinks import TableSink

STAGES = ("recalled", "passed_pre_rank", "passed_rank", "placed", "examined")
_FEWEST = 256


class NoteFunnel:
    """Counts the requests in which a new note reached each stage; logs a note as it grows old.

    Args:
        sink: table of notes by stage.
    """

    def __init__(self, sink: TableSink) -> None:
        self._sink = sink
        self._first = 0
        self._n = 0
        self._counts = np.zeros((_FEWEST, len(STAGES)), np.int32)

    def count(self, served: Served, feedback: Feedback) -> None:
        """Count one chunk; `advance` must have been called for its window."""
        trail = served.trail
        count_stages(
            self._first,
            trail.candidates.note_idx,
            trail.candidates.n,
            trail.ranked.note_idx,
            trail.ranked.n,
            trail.kept_at,
            trail.n_kept,
            served.slate.note_idx,
            feedback.examined,
            self._counts,
        )

    def start(self, view: PlatformView) -> None:
        """Begin with the notes that are new at the start of the run."""
        self._first = view.new_start
        self.advance(view)

    def advance(self, view: PlatformView) -> None:
        """Log and drop the notes that are no longer new; make room for those published since."""
        n_old = view.new_start - self._first
        if n_old > 0:
            self._log(n_old)
            self._counts[: self._n - n_old] = self._counts[n_old : self._n]
            self._counts[self._n - n_old : self._n] = 0
            self._first = view.new_start
        self._n = view.notes.n - self._first
        if self._n > self._counts.shape[0]:
            grown = np.zeros((2 * self._n, len(STAGES)), np.int32)
            grown[: self._counts.shape[0]] = self._counts
            self._counts = grown

    def state_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the counts of notes that are still new."""
        return {"first": np.array([self._first]), "counts": self._counts[: self._n].copy()}

    def load_state(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        self._first = int(arrays["first"][0])
        counts = np.asarray(arrays["counts"], np.int32)
        self._n = counts.shape[0]
        self._counts = np.zeros((max(_FEWEST, 2 * self._n), len(STAGES)), np.int32)
        self._counts[: self._n] = counts

    def _log(self, n_old: int) -> None:
        rows = np.arange(self._first, self._first + n_old, dtype=np.int32)
        stages = {name: self._counts[:n_old, i].copy() for i, name in enumerate(STAGES)}
        self._sink.append({"note_id": rows, **stages})
